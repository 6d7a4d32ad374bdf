"""The labels of a dataset as they are now, image by image, for freezing: read in pieces, kept packed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from datasets.models import Box, Dataset
from datasets.models.annotation import BoxSource
from datasets.versions.content import ManifestBox, ManifestImage, as_tags
from datasets.versions.manifest import line_of
from datasets.versions.packed import PackedLines

CHUNK = 1000
#: What a line says until the images are dealt; no other place of it can look like that, quotation marks being escaped.
UNDEALT = b'"split":""'


@dataclass
class Gathered:
    """Of each image that is frozen, in the order of ids: its id, class ids of its boxes, and what its files said."""

    ids: list[int] = field(default_factory=list)
    labels: list[tuple[int, ...]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    lines: PackedLines = field(default_factory=PackedLines)

    def dealt(self, splits: dict[int, str]) -> Iterator[bytes]:
        """The lines of a manifest of the images that `splits` names."""
        for pk, line in zip(self.ids, self.lines, strict=True):
            if pk in splits:
                yield line.replace(UNDEALT, b'"split":"%b"' % splits[pk].encode(), 1)


def gather(dataset: Dataset) -> Gathered:
    """Every image that somebody has answered and that decodes.

    Proposals (boxes a model drew that nobody accepted) are no labels: they stay out, and so do images that hold
    nothing else.
    """
    found = Gathered()
    last = 0
    while rows := _images_after(dataset, last):
        last = rows[-1]["pk"]
        boxes = _boxes_of([row["pk"] for row in rows])
        numbers = dict(dataset.classes.values_list("pk", "number"))  # anew: somebody may just have added one
        for row in rows:
            drawn = boxes.get(row["pk"], [])
            accepted = [box for box in drawn if box["source"] != BoxSource.MODEL]
            if accepted or row["negative"] or not drawn:
                image = _image(row, tuple(_box(box, numbers) for box in accepted))
                found.ids.append(image.id)
                found.labels.append(tuple(box.class_id for box in image.boxes))
                found.said.append(row["split"])
                found.lines.append(line_of(image))
    return found


def _images_after(dataset: Dataset, pk: int) -> list[dict[str, Any]]:
    columns = ("pk", "file", "file_name", "sha256", "width", "height", "negative", "split", "original", "folder")
    rows = dataset.images.usable().filter(pk__gt=pk).order_by("pk")
    return list(rows.values(*columns, "orientation", "verified", "tags")[:CHUNK])


def _boxes_of(ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    columns = ("image_id", "label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "pose")
    boxes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Box.objects.filter(image__in=ids).order_by("image_id", "created_at", "pk")
    for row in rows.values(*columns, "tags", "score", "source"):
        boxes[row["image_id"]].append(row)
    return boxes


def _image(row: dict[str, Any], boxes: tuple[ManifestBox, ...]) -> ManifestImage:
    picture = (row["file"], row["file_name"], row["sha256"], row["width"], row["height"])
    where = (row["original"], row["folder"], row["orientation"], row["verified"], as_tags(row["tags"]))
    return ManifestImage(row["pk"], *picture, "", boxes, *where)


def _box(row: dict[str, Any], numbers: dict[int, int]) -> ManifestBox:
    edges = (row["x1"], row["y1"], row["x2"], row["y2"])
    marks = (row["difficult"], row["truncated"], row["occluded"])
    return ManifestBox(numbers[row["label_class_id"]], *edges, *marks, row["pose"], as_tags(row["tags"]), row["score"])
