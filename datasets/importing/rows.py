"""What an import holds in its hands between reading and writing, and how records become rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from datasets.bulk import NewBox, insert_rows
from datasets.formats.records import AnnotationRecord, BoxRecord
from datasets.models import Box, Image, ReviewState, Revision, SourceAnnotation
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


@dataclass(slots=True)
class NewImage:
    """An `Image` row before it is inserted, without the ORM's object around it; `pk` is set by the insertion."""

    dataset_id: int
    file_name: str
    folder: str
    sha256: str
    file: str
    original: str
    width: int
    height: int
    orientation: int
    size_bytes: int
    split: str
    tags: list[list[str]]
    created_by_id: int | None
    pk: int | None = None
    state: str = ReviewState.UNLABELLED.value
    verified: bool = False
    negative: bool = False
    defect: str = ""
    box_count: int = 0
    box_traits: int = 0
    has_thumbnails: bool = False
    fingerprint: None = None
    note: str = ""
    revision: int = 0
    assignee_id: None = None
    reviewer_id: None = None


AnyImage = Image | NewImage


@dataclass(slots=True)
class NewRevision:
    """A `Revision` row; its image has a key by the time the row is inserted."""

    image: AnyImage
    number: int
    summary: str
    boxes: list[dict[str, Any]]
    verified: bool
    negative: bool
    user_id: int | None
    change_id: None = None
    batch: None = None

    @property
    def image_id(self) -> int | None:
        return self.image.pk


@dataclass(slots=True)
class NewSource:
    """A `SourceAnnotation` row; its image has a key by the time the row is inserted."""

    image: AnyImage
    file_name: str
    format: str
    sha256: str
    content: bytes

    @property
    def image_id(self) -> int | None:
        return self.image.pk


@dataclass
class Pending:
    """Rows of a chunk that wait to be written together. Everything goes by the hash of its image."""

    new: list[NewImage] = field(default_factory=list)
    known: dict[str, Image] = field(default_factory=dict)  # images that were there already and were changed
    tagged: list[Image] = field(default_factory=list)  # those of them that got tags now
    no_longer_approved: list[AnyImage] = field(default_factory=list)  # whose labels are not those that were approved
    boxes: list[tuple[AnyImage, list[NewBox]]] = field(default_factory=list)
    gone: set[Any] = field(default_factory=set)
    revisions: list[NewRevision] = field(default_factory=list)
    sources: list[NewSource] = field(default_factory=list)
    traits: dict[str, tuple[int, int]] = field(default_factory=dict)

    def save(self) -> None:
        """Images first, in the state they end in: changing a row costs as much as inserting it."""
        for image in self.new:
            image.box_count, image.box_traits = self.traits.get(image.sha256, (0, 0))
        self._insert_images()
        self._update_images()
        if self.gone:
            Box.objects.filter(pk__in=self.gone).delete()
        insert_rows(Box, list(self._new_boxes()))
        insert_rows(Revision, self.revisions)
        insert_rows(SourceAnnotation, self.sources)

    def _insert_images(self) -> None:
        if not self.new:
            return
        insert_rows(Image, self.new)
        hashes = [image.sha256 for image in self.new]
        found = Image.objects.filter(dataset=self.new[0].dataset_id, sha256__in=hashes)
        pks = dict(found.order_by().values_list("sha256", "pk"))
        for image in self.new:
            image.pk = pks[image.sha256]

    def _update_images(self) -> None:
        # Nearly all images of a chunk end in the same state: one UPDATE for each state, not one value for each image.
        alike: dict[tuple[Any, ...], set[int]] = defaultdict(set)
        for image in self.known.values():
            alike[tuple(getattr(image, name) for name in FIELDS)].add(image.pk)
        for values, pks in alike.items():
            Image.objects.filter(pk__in=pks).update(**dict(zip(FIELDS, values, strict=True)))
        if self.tagged:
            Image.objects.bulk_update(self.tagged, ["tags"])
        store_traits({image.pk: self.traits[key] for key, image in self.known.items()})

    def _new_boxes(self) -> Iterator[NewBox]:
        for image, boxes in self.boxes:
            for box in boxes:
                if box.id not in self.gone:
                    box.image_id = image.pk
                    yield box


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
