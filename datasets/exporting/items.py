"""Images with their labels as neutral records, read from the database some hundred at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError, Tags
from datasets.formats.voc import read_voc
from datasets.geometry import Edges
from datasets.importing.boxes import Frame, place_boxes
from datasets.models import Box, Dataset, DatasetVersion, Image, SourceAnnotation
from datasets.models.annotation import BoxSource
from datasets.versions.manifest import ManifestImage, as_tags

CHUNK = 500
COLUMNS = (
    "pk",
    "file_name",
    "folder",
    "file",
    "original",
    "width",
    "height",
    "orientation",
    "verified",
    "split",
    "tags",
)
SITE_TAG = "site:"
#: Unparsed: nearly all are empty, and reading JSON by the million takes a while.
TAGS = Cast("tags", TextField())
#: Manifests from this one on hold what exports need of the images' rows.
ROWS_FROM_FORMAT = 3

Rows = dict[int, dict[str, Any]]  # what is needed of `Image`, by id


@dataclass(frozen=True)
class ExportItem:
    """An image with its labels; `file` and `original` are storage names; `voc` the VOC file that came with it.

    `record.file_name` is a name without folders that no other image of the export has, not even but for the suffix.
    """

    id: int
    record: AnnotationRecord
    file: str
    original: str
    voc: bytes | None = None


class Items:
    """The labelled images of a dataset as it is now, or of a frozen version. May be gone through several times."""

    voc = True  # are the VOC files that came with images wanted?

    def __init__(self, dataset: Dataset, version: DatasetVersion | None, *, originals: bool = False) -> None:
        self.dataset, self.originals = dataset, originals
        self._manifest = version.manifest() if version else None
        if self._manifest:
            self.classes, self.splits = self._manifest.classes, self._manifest.splits()
        else:
            self.classes = {c.number: c.name for c in dataset.classes.all()}
            answered = dataset.images.answered().order_by("pk")
            self.splits = dict(answered.values_list("pk", "split"))
        self._class_names = dict(dataset.classes.values_list("pk", "name"))
        self._names = _unique_names(self._stated_names())

    def __len__(self) -> int:
        return len(self.splits)

    @property
    def split_names(self) -> list[str]:
        """Splits that have images, train first; "" stands for those in none."""
        there = set(self.splits.values())
        return [split for split in ("train", "val", "test", "") if split in there]

    def of_split(self, split: str | None) -> Iterator[ExportItem]:
        """Items in the order of their ids; of every split when it is None."""
        ids = sorted(pk for pk, own in self.splits.items() if split is None or own == split)
        for start in range(0, len(ids), CHUNK):
            yield from self._chunk(ids[start : start + CHUNK])

    def _stated_names(self) -> dict[int, tuple[str, str]]:
        """(file name, storage name of what goes out) by id."""
        if self._manifest:
            frozen = self._manifest.columns("id", "file_name", "original", "file")
            return {pk: (name, self.originals and original or file) for pk, name, original, file in frozen}
        column = "original" if self.originals else "file"
        rows = self.dataset.images.answered().values_list("pk", "file_name", column)
        return {pk: (name, file) for pk, name, file in rows if pk in self.splits}

    def _chunk(self, ids: list[int]) -> Iterator[ExportItem]:
        frozen = self._manifest.with_ids(ids) if self._manifest else {}
        rows = self._frozen_rows(frozen) if self._manifest else _image_rows(ids)
        boxes = {} if self._manifest else _boxes_of(ids, self._class_names)
        bare = self._manifest is not None and self._manifest.format == 1
        sources = _sources_of(ids) if self.voc or bare else {}
        for pk in ids:
            row, files = rows[pk], sources.get(pk, ())
            placed = tuple(self._frozen_boxes(frozen[pk]) if self._manifest else boxes.get(pk, ()))
            record, kept = self._record(pk, row, placed), None
            if len(files) == 1:
                frame = Frame(record.width, record.height, _raw_size(record, row["orientation"]), row["orientation"])
                record, kept = _compare(record, files[0], frame, bare)
            yield ExportItem(pk, record, row["file"], row["original"], kept)

    def _frozen_rows(self, frozen: dict[int, ManifestImage]) -> Rows:
        if self._manifest and self._manifest.format >= ROWS_FROM_FORMAT:
            return {pk: vars(image) for pk, image in frozen.items()}
        there = _image_rows(list(frozen))  # those that have been deleted since say no more than the version does
        rows = {pk: vars(image) | {"original": image.file} | there.get(pk, {}) for pk, image in frozen.items()}
        for pk, image in frozen.items():
            rows[pk] |= {"file": image.file, "width": image.width, "height": image.height}
        return rows

    def _frozen_boxes(self, image: ManifestImage) -> Iterator[BoxRecord]:
        for b in image.boxes:
            name = self.classes[b.class_id]
            box = BoxRecord(name, b.x1, b.y1, b.x2, b.y2, b.difficult, b.truncated, b.occluded, b.pose, b.score)
            yield _tagged(box, b.tags) if b.tags else box

    def _record(self, pk: int, row: dict[str, Any], boxes: tuple[BoxRecord, ...]) -> AnnotationRecord:
        tags = as_tags(row["tags"])
        own = {key[len(SITE_TAG) :]: text for key, text in tags if key.startswith(SITE_TAG)}
        return AnnotationRecord(
            self._names[pk],
            row["width"],
            row["height"],
            boxes,
            row["verified"],
            folder=own.get("folder", row["folder"].rpartition("/")[2]),
            depth=int(own.get("depth", 0)),
            segmented=own.get("segmented") == "1",
            split=self.splits[pk],
            source_id=own.get("source_id", ""),
            tags=tuple(tag for tag in tags if not tag[0].startswith(SITE_TAG)),
        )


def _image_rows(ids: Sequence[int]) -> Rows:
    found = Image.objects.filter(pk__in=ids).values_list(*COLUMNS)
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in found}


def _sources_of(ids: Sequence[int]) -> dict[int, list[bytes]]:
    """VOC files by image, the first to come first."""
    sources: dict[int, list[bytes]] = defaultdict(list)
    found = SourceAnnotation.objects.filter(image__in=ids, format="voc").order_by("pk")
    for pk, content in found.values_list("image_id", "content"):
        sources[pk].append(bytes(content))
    return sources


def _boxes_of(ids: Sequence[int], names: dict[int, str]) -> dict[int, list[BoxRecord]]:
    """Labels by image, without what models propose; `names` of classes by row id."""
    boxes: dict[int, list[BoxRecord]] = defaultdict(list)
    columns = ("image_id", "label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "pose")
    labels = Box.objects.filter(image__in=ids).exclude(source=BoxSource.MODEL)
    rows = labels.order_by("image_id", "created_at", "pk").values_list(*columns, "score", TAGS)
    for pk, class_id, x1, y1, x2, y2, difficult, truncated, occluded, pose, score, tags in rows:
        box = BoxRecord(names[class_id], x1, y1, x2, y2, difficult, truncated, occluded, pose, score)
        if tags != "[]":
            box = _tagged(box, as_tags(json.loads(tags)))
        boxes[pk].append(box)
    return boxes


def _tagged(box: BoxRecord, tags: Tags) -> BoxRecord:
    """The box with what else its file said; a crowd has a field of its own."""
    return replace(box, crowd=("iscrowd", "1") in tags, tags=tuple(tag for tag in tags if tag[0] != "iscrowd"))


def _raw_size(record: AnnotationRecord, orientation: int) -> tuple[int, int]:
    return (record.height, record.width) if orientation >= 5 else (record.width, record.height)


def _compare(record: AnnotationRecord, voc: bytes, frame: Frame, bare: bool) -> tuple[AnnotationRecord, bytes | None]:
    """The VOC file that came with an image, if the labels still are what it says to the last field.

    A `bare` version holds no pose and no unknown tags: they are taken from that file for boxes that did not move.
    """
    try:
        said = read_voc(voc)
    except FormatError:
        return record, None
    size = (said.width, said.height)
    if not bare and said.boxes == record.boxes and size == (frame.width, frame.height) and frame.orientation == 1:
        # Nearly all: the same boxes on the same picture, which need no placing to be found the same.
        same = not said.problems and said.file_name == record.file_name and said.verified == record.verified
        return record, voc if same else None
    placed, problems = place_boxes(said, frame)
    if bare:
        known = {(box.x1, box.y1, box.x2, box.y2): box for box in placed}
        record = replace(record, boxes=tuple(_completed(box, known) for box in record.boxes))
    same = not problems and not said.problems and said.file_name == record.file_name
    same = same and said.verified == record.verified and placed == list(record.boxes)
    # Boxes that were clipped by a pixel without a word are not what the file says.
    return record, voc if same and tuple(placed) == said.boxes else None


def _completed(box: BoxRecord, known: dict[Edges, BoxRecord]) -> BoxRecord:
    other = known.get((box.x1, box.y1, box.x2, box.y2))
    return replace(box, pose=other.pose, tags=other.tags, crowd=other.crowd) if other else box


def _unique_names(stated: dict[int, tuple[str, str]]) -> dict[int, str]:
    """A name for each image whose stem no other has: labels are files of the same stem.

    The suffix is that of the file that goes out, where the picture had to be converted.
    """
    names, taken = {}, set()
    for pk, (name, file) in sorted(stated.items()):
        path = PurePosixPath(name)
        converted = PurePosixPath(file).name.endswith(("-upright.png", "-upright.jpg"))
        suffix = PurePosixPath(file).suffix if converted else path.suffix
        stem = path.stem if path.stem.casefold() not in taken else f"{path.stem}-{pk}"
        taken.add(stem.casefold())
        names[pk] = stem + suffix
    return names
