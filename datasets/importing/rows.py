"""What an import holds in its hands between reading and writing, and how records become rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from datasets.bulk import NewBox, insert_rows
from datasets.formats.records import AnnotationRecord, BoxRecord
from datasets.models import Box, Image, Revision, SourceAnnotation
from datasets.pictures import Picture
from datasets.traits import store_traits

#: What an import may change on an image that is there already.
FIELDS = ("state", "verified", "negative", "revision", "split")


@dataclass(frozen=True)
class ReadAnnotation:
    """What one file, or its part about one image, says; `data` are the bytes to keep of it."""

    path: PurePosixPath
    data: bytes
    record: AnnotationRecord
    format: str = "voc"
    own_file: bool = True


@dataclass(frozen=True)
class ReadImage:
    path: PurePosixPath
    size: int
    picture: Picture
    annotations: list[ReadAnnotation]
    split: str = ""


@dataclass
class Pending:
    """Rows of a chunk that wait to be written together."""

    images: list[Image] = field(default_factory=list)
    tagged: list[Image] = field(default_factory=list)  # images that were there already and got tags now
    boxes: list[NewBox] = field(default_factory=list)
    gone: list[Any] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    sources: list[SourceAnnotation] = field(default_factory=list)
    traits: dict[int, tuple[int, int]] = field(default_factory=dict)

    def save(self) -> None:
        # Nearly all images of a chunk end in the same state: one UPDATE for each state, not one value for each image.
        alike: dict[tuple[Any, ...], set[int]] = defaultdict(set)
        for image in {image.pk: image for image in self.images}.values():
            alike[tuple(getattr(image, name) for name in FIELDS)].add(image.pk)
        for values, pks in alike.items():
            Image.objects.filter(pk__in=pks).update(**dict(zip(FIELDS, values, strict=True)))
        if self.tagged:
            Image.objects.bulk_update(self.tagged, ["tags"])
        gone = set(self.gone)
        if gone:
            Box.objects.filter(pk__in=gone).delete()
        insert_rows(Box, [box for box in self.boxes if box.id not in gone])
        insert_rows(Revision, self.revisions)
        insert_rows(SourceAnnotation, self.sources)
        store_traits(self.traits)


def box_tags(record: BoxRecord) -> list[list[str]]:
    """Texts of a box for which the table has no column."""
    tags = [list(tag) for tag in record.tags]
    return [["iscrowd", "1"], *tags] if record.crowd else tags


def image_tags(record: AnnotationRecord) -> list[list[str]]:
    """Texts of an image for which the table has no column; those that say nothing are left out."""
    said = [
        ("depth", record.depth if record.depth not in (0, 3) else ""),
        ("segmented", "1" if record.segmented else ""),
    ]
    said += [("folder", record.folder), ("source_id", record.source_id if record.source_id != record.file_name else "")]
    return [[f"site:{key}", str(value)] for key, value in said if value] + [list(tag) for tag in record.tags]
