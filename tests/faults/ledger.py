"""What the site has acknowledged, and whether it still has it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

EDGES = ("x1", "y1", "x2", "y2")


class Ledger:
    """`boxes` holds for each box what it was acknowledged to be, None when deleted; ids of `open` may be either way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.boxes: dict[str, tuple[int, dict[str, Any] | None]] = {}
        self.batches: dict[str, int] = {}
        self.open: dict[str, dict[str, Any] | None] = {}
        self.photos: set[str] = set()
        self.notes: list[str] = []
        self.answers: Counter[int] = Counter()

    def begin(self, box: str, to: dict[str, Any] | None) -> None:
        with self.lock:
            self.open[box] = to

    def edit(self, image: int, box: str, to: dict[str, Any] | None, batch: str) -> None:
        with self.lock:
            self.open.pop(box, None)
            self.boxes[box] = (image, to)
            self.batches[batch] = image

    def photo(self, sha256: str) -> None:
        with self.lock:
            self.photos.add(sha256)

    def note(self, sentence: str) -> None:
        with self.lock:
            self.notes.append(sentence)

    def losses(self) -> list[str]:
        """Edits that are gone, altered, there twice, or came from nowhere."""
        from datasets.models import Box, Revision

        with self.lock:
            told, open_now, batches = dict(self.boxes), set(self.open), dict(self.batches)
        rows = {str(box.pk): box for box in Box.objects.filter(pk__in=told)}
        with self.lock:
            open_now |= set(self.open)
            changed = {box for box in told if self.boxes[box] != told[box]}
        lost = []
        for box, (image, to) in told.items():
            if box not in open_now and box not in changed and (said := wrong(rows.get(box), image, to)):
                lost.append(f"box {box} of image {image}: {said}")
        kept = Counter(str(b) for b in Revision.objects.filter(batch__in=batches).values_list("batch", flat=True))
        return lost + [f"save {one} is there {kept[one]} times" for one in batches if kept[one] != 1]

    def strangers(self, images: list[int]) -> list[str]:
        """Boxes on these images that nobody has drawn."""
        from datasets.models import Box

        ids = {str(pk) for pk in Box.objects.filter(image__in=images).values_list("pk", flat=True)}
        return [f"box {pk} came from nowhere" for pk in ids - self.boxes.keys() - self.open.keys()]

    def lost_photos(self, dataset: int) -> list[str]:
        """Photos that came whole and are not in the dataset once."""
        from datasets.models import Image

        rows = Image.objects.filter(dataset=dataset, sha256__in=self.photos)
        there = Counter(rows.values_list("sha256", flat=True))
        return [f"photo {sha[:12]} is there {there[sha]} times" for sha in self.photos if there[sha] != 1]


def wrong(row: Any, image: int, to: dict[str, Any] | None) -> str:
    if to is None:
        return "it was deleted and is there" if row else ""
    if row is None:
        return "it is gone"
    is_now = {"class_id": row.label_class_id, **{edge: getattr(row, edge) for edge in EDGES}}
    asked = {key: to[key] for key in is_now}
    return "" if row.image_id == image and is_now == asked else f"it is {is_now} and was acknowledged as {asked}"
