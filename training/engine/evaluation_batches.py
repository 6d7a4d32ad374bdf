"""Images for evaluation: read ahead, and together when they have the same size. Needs `compat.apply()` first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from training.engine.records import RecordImage

T = TypeVar("T")
MOST_TOGETHER = 8
PIXELS_TOGETHER = 4_000_000  # of source images in one batch; in float32 that is 48 MB before they are resized
WAITING = 64  # images that may wait for others of their size
READ_AHEAD = 8


def batches(images: Iterable[RecordImage], most: int = MOST_TOGETHER) -> Iterator[list[RecordImage]]:
    """Groups of at most `most` images of one size; a few large ones stay by themselves.

    Photographs of one camera come together even when others lie between them. Every image comes once.
    """
    waiting: dict[tuple[int, ...], list[RecordImage]] = {}
    count = 0
    for image in images:
        shape = image.pixels.shape
        group = waiting.setdefault(shape, [])
        group.append(image)
        count += 1
        if len(group) >= min(most, PIXELS_TOGETHER // (shape[0] * shape[1])):
            count -= len(waiting[shape])
            yield waiting.pop(shape)
        elif count > WAITING:
            fullest = max(waiting, key=lambda key: len(waiting[key]))
            count -= len(waiting[fullest])
            yield waiting.pop(fullest)
    yield from waiting.values()


def read_ahead(items: Iterable[T], many: int = READ_AHEAD) -> Iterator[T]:
    """The same items, produced by a thread while the last ones are worked on; its errors are raised here."""
    iterator: Iterator[Any] = iter(items)
    end: Any = object()
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, iterator, end) for _ in range(many))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, iterator, end))
                yield item
        finally:
            pool.shutdown(cancel_futures=True)
