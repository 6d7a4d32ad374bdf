"""Writes one chunk of read files into the database, in one transaction."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.bulk import NewBox, insert_rows, new_ids
from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError
from datasets.importing.boxes import Frame, place_boxes
from datasets.importing.classes import ClassMapper
from datasets.importing.matching import normal
from datasets.importing.report import ImportReport
from datasets.labels import boxes_as_json, describe_change
from datasets.models import Box, Dataset, Image, ReviewState, Revision, SourceAnnotation
from datasets.models.annotation import BoxSource
from datasets.pictures import Picture
from datasets.traits import store_traits, traits_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User

FIELDS = ["state", "verified", "negative", "revision"]


@dataclass(frozen=True)
class ReadAnnotation:
    path: PurePosixPath
    data: bytes
    record: AnnotationRecord


@dataclass(frozen=True)
class ReadImage:
    path: PurePosixPath
    size: int
    picture: Picture
    annotations: list[ReadAnnotation]


@dataclass
class Pending:
    """Rows of a chunk that wait to be written together."""

    images: list[Image] = field(default_factory=list)
    boxes: list[NewBox] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    sources: list[SourceAnnotation] = field(default_factory=list)
    traits: dict[int, tuple[int, int]] = field(default_factory=dict)


class ChunkWriter:
    def __init__(self, dataset: Dataset, mapper: ClassMapper, report: ImportReport, user: User | None) -> None:
        self.dataset, self.mapper, self.report, self.user = dataset, mapper, report, user
        self._first_path: dict[str, PurePosixPath] = {}  # of each hash seen in this import
        self._ids = new_ids()

    def write(self, chunk: list[ReadImage]) -> None:
        with transaction.atomic():
            rows = self._image_rows(chunk)
            self._apply([(rows[item.picture.sha256], Frame.of(item.picture), item.annotations) for item in chunk])

    def write_orphans(self, annotations: list[ReadAnnotation]) -> None:
        """Annotations whose image came earlier: matched with the dataset's images; the rest is reported."""
        if not annotations:
            return
        by_stem: dict[str, list[Image]] = {}
        for image in self.dataset.images.only("pk", "file_name", "width", "height", "orientation", *FIELDS):
            by_stem.setdefault(normal(PurePosixPath(image.file_name).stem), []).append(image)
        work = []
        for annotation in annotations:
            found = by_stem.get(normal(annotation.path.stem)) or by_stem.get(
                normal(PurePosixPath(annotation.record.file_name).stem), []
            )
            if len(found) == 1:
                work.append((found[0], self._frame_of(found[0]), [annotation]))
            else:
                self.report.add_problem(annotation.path, self._no_image(annotation, len(found)))
        with transaction.atomic():
            self._apply(work)

    @staticmethod
    def _frame_of(image: Image) -> Frame:
        raw = (image.height, image.width) if image.orientation >= 5 else (image.width, image.height)
        return Frame(image.width, image.height, raw, image.orientation)

    @staticmethod
    def _no_image(annotation: ReadAnnotation, candidates: int) -> FormatError:
        if candidates:
            return FormatError("ambiguous_match", f"{candidates} images of this dataset have that name.")
        stated = annotation.record.file_name or annotation.path.stem
        return FormatError(
            "annotation_without_image", f"Its image ({stated}) is not here. Add the image, and import this file again."
        )

    def _image_rows(self, chunk: list[ReadImage]) -> dict[str, Image]:
        """The row of each hash: known ones from the database, the others made now."""
        hashes = {item.picture.sha256 for item in chunk}
        rows = {image.sha256: image for image in self.dataset.images.filter(sha256__in=hashes)}
        new = []
        for item in chunk:
            sha256 = item.picture.sha256
            if sha256 in self._first_path:
                self._say_duplicate(item)
            elif sha256 in rows:
                self.report.images_known += 1
                self.report.images_skipped += 1
            else:
                rows[sha256] = self._new_image(item)
                new.append(rows[sha256])
            self._first_path.setdefault(sha256, item.path)
        Image.objects.bulk_create(new)
        self.report.images_added += len(new)
        return rows

    def _say_duplicate(self, item: ReadImage) -> None:
        first = self._first_path[item.picture.sha256]
        boxes = sum(len(a.record.boxes) for a in item.annotations)
        self.report.images_skipped += 1
        self.report.add_problem(
            item.path,
            FormatError(
                "duplicate_image",
                f"It is the same file, byte for byte, as {first}. The image is kept once, and the boxes given for both "
                f"({boxes} from this one) are together on it. Check that they belong there.",
            ),
        )

    def _new_image(self, item: ReadImage) -> Image:
        picture = item.picture
        return Image(
            dataset=self.dataset,
            file_name=item.path.name[:255],
            folder=str(item.path.parent)[:500] if item.path.parent.parts else "",
            sha256=picture.sha256,
            file=picture.upright_name,
            original=picture.original_name,
            width=picture.width,
            height=picture.height,
            orientation=picture.orientation,
            size_bytes=item.size,
            created_by=self.user,
        )

    def _apply(self, work: list[tuple[Image, Frame, list[ReadAnnotation]]]) -> None:
        pks = {image.pk for image, _, _ in work}
        known_sources = set(SourceAnnotation.objects.filter(image__in=pks).values_list("image_id", "sha256"))
        boxes_of: dict[int, list[Box | NewBox]] = {pk: [] for pk in pks}
        for box in Box.objects.filter(image__in=pks):
            boxes_of[box.image_id].append(box)
        pending = Pending()
        for image, frame, files in work:
            for annotation in files:
                digest = hashlib.sha256(annotation.data).hexdigest()
                if (image.pk, digest) not in known_sources:
                    known_sources.add((image.pk, digest))
                    self._apply_one(image, frame, annotation, digest, boxes_of[image.pk], pending)
            if not files and image.state == ReviewState.UNLABELLED and not boxes_of[image.pk]:
                self._say_unlabelled(image)
        self._save(pending)

    def _say_unlabelled(self, image: Image) -> None:
        path = self._first_path.get(image.sha256, PurePosixPath(image.file_name))
        self.report.add_problem(
            path,
            FormatError("image_without_annotation", "There is no annotation file for it; it waits in “Unlabelled”."),
        )

    def _apply_one(
        self,
        image: Image,
        frame: Frame,
        annotation: ReadAnnotation,
        digest: str,
        present: list[Box | NewBox],
        pending: Pending,
    ) -> None:
        placed, problems = place_boxes(annotation.record, frame)
        added, all_known = self._new_boxes(image, placed, present, problems)
        for problem in (*annotation.record.problems, *problems):
            self.report.add_problem(annotation.path, problem)
        if all_known:  # else the file stays unapplied: a later import with a mapping may still use it
            pending.sources.append(self._source(image, annotation, digest))
        elif not added:
            return
        present.extend(added)
        self.report.boxes_added += len(added)
        image.state = ReviewState.LABELLED if image.state == ReviewState.UNLABELLED else image.state
        image.verified = image.verified or annotation.record.verified
        image.negative = not present
        image.revision += 1
        pending.images.append(image)
        pending.boxes.extend(added)
        pending.traits[image.pk] = traits_of(present)
        pending.revisions.append(
            Revision(
                image=image,
                number=image.revision,
                user=self.user,
                summary=describe_change(added=len(added), other=f"imported from {annotation.path.name}"[:120]),
                boxes=boxes_as_json(present),
                verified=image.verified,
                negative=image.negative,
            )
        )

    def _new_boxes(
        self, image: Image, placed: list[BoxRecord], present: list[Box | NewBox], problems: list[FormatError]
    ) -> tuple[list[NewBox], bool]:
        """Boxes that are not on the image yet, and whether every class name was known."""
        have = {(b.label_class_id, b.x1, b.y1, b.x2, b.y2) for b in present}
        added, refused = [], set()
        for record in placed:
            try:
                label_class = self.mapper.find(record.name)
            except FormatError as error:
                if record.name not in refused:
                    problems.append(error)
                refused.add(record.name)
                continue
            key = (label_class.pk, record.x1, record.y1, record.x2, record.y2)
            if key in have:
                self.report.boxes_known += 1
                continue
            have.add(key)
            added.append(self._box(image, label_class.pk, record))
        return added, not refused

    def _box(self, image: Image, class_pk: int, record: BoxRecord) -> NewBox:
        return NewBox(
            next(self._ids),
            image.pk,
            class_pk,
            record.x1,
            record.y1,
            record.x2,
            record.y2,
            record.difficult,
            record.truncated,
            record.occluded,
            record.pose,
            BoxSource.IMPORT.value,
            score=None,
            created_by_id=self.user.pk if self.user else None,
        )

    @staticmethod
    def _source(image: Image, annotation: ReadAnnotation, digest: str) -> SourceAnnotation:
        return SourceAnnotation(
            image=image, file_name=str(annotation.path)[:500], format="voc", sha256=digest, content=annotation.data
        )

    @staticmethod
    def _save(pending: Pending) -> None:
        # Nearly all images of a chunk end in the same state: one UPDATE for each state, not one value for each image.
        alike: dict[tuple[Any, ...], set[int]] = defaultdict(set)
        for image in {image.pk: image for image in pending.images}.values():
            alike[tuple(getattr(image, name) for name in FIELDS)].add(image.pk)
        for values, pks in alike.items():
            Image.objects.filter(pk__in=pks).update(**dict(zip(FIELDS, values, strict=True)))
        insert_rows(Box, pending.boxes)
        insert_rows(Revision, pending.revisions)
        insert_rows(SourceAnnotation, pending.sources)
        store_traits(pending.traits)
