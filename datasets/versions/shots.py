"""The groups of images that a split must not part: pictures of one shot, and frames of one video."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from datasets.likeness import shot_groups
from datasets.models import Image, ImageOrigin, OriginKind
from datasets.thumbnails import make_thumbnails

AT_ONCE = 5000


def shots_of(ids: Sequence[int]) -> dict[int, int]:
    """Group number by image id. Pictures that have not been looked at yet are, now; a damaged one stands alone."""
    return grouped(fingerprints_of(ids), ids)


def grouped(prints: dict[int, bytes], ids: Sequence[int]) -> dict[int, int]:
    """Group number by image id, by fingerprints and by videos; images with neither are left out."""
    alike = zip(prints, shot_groups(list(prints.values())) if prints else [], strict=True)
    return joined([*alike, *frames_of_videos(ids)])


def joined(links: Iterable[tuple[int, Hashable]]) -> dict[int, int]:
    """Group number by image id, from (image id, name of a group): images that share a group, or a chain of them."""
    parents: dict[Hashable, Hashable] = {}

    def top(node: Hashable) -> Hashable:
        while (above := parents.setdefault(node, node)) != node:
            parents[node] = node = parents[above]
        return node

    images = []
    for image, group in links:
        images.append(image)
        parents[top(("image", image))] = top(("group", group))
    numbers: dict[Hashable, int] = {}
    return {image: numbers.setdefault(top(("image", image)), len(numbers)) for image in images}


def frames_of_videos(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """(image id, digest of its video) of the images that are frames."""
    frames = ImageOrigin.objects.filter(kind=OriginKind.VIDEO).order_by()
    for start in range(0, len(ids), AT_ONCE):
        yield from frames.filter(image__in=ids[start : start + AT_ONCE]).values_list("image_id", "digest")


def fingerprints_of(
    ids: Sequence[int], progress: Callable[[int], None] = lambda done: None, at_once: int = AT_ONCE
) -> dict[int, bytes]:
    """Fingerprint by image id, made now where it is missing; damaged pictures have none."""
    found: dict[int, bytes] = {}
    for start in range(0, len(ids), at_once):
        rows = Image.objects.filter(pk__in=ids[start : start + at_once]).order_by("pk")
        look_at(rows.filter(fingerprint=None).only("pk", "file", "sha256"))
        seen = rows.exclude(fingerprint=None).values_list("pk", "fingerprint")
        found.update((pk, bytes(value)) for pk, value in seen if value is not None)
        progress(min(start + at_once, len(ids)))
    return found


def look_at(rows: Iterable[Image]) -> None:
    """Read the pixels of these images and keep their fingerprints."""
    missing = list(rows)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        list(pool.map(make_thumbnails, missing))
    seen = [row for row in missing if row.fingerprint is not None]
    Image.objects.bulk_update(seen, ["fingerprint"], batch_size=500)
