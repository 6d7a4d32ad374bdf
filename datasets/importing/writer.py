"""Writes one chunk of read files into the database, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.bulk import NewBox, new_ids
from datasets.formats.records import BoxRecord, FormatError
from datasets.importing.boxes import Frame, place_boxes
from datasets.importing.classes import ClassMapper
from datasets.importing.matching import normal
from datasets.importing.report import ImportReport
from datasets.importing.rows import (
    FIELDS,
    AnyImage,
    NewImage,
    NewRevision,
    NewSource,
    Pending,
    ReadAnnotation,
    ReadImage,
    box_tags,
    image_tags,
)
from datasets.importing.twins import Twins
from datasets.labels import boxes_as_json, describe_change
from datasets.models import Box, Dataset, Image, ReviewState, SourceAnnotation
from datasets.models.annotation import BoxSource
from datasets.review.transitions import NOT_APPROVED, remember_many, settled_state
from datasets.traits import traits_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User


IMPORT = BoxSource.IMPORT.value


class ChunkWriter:
    """`existing` says what happens to labels that are there already: merge, replace (image by image) or keep.

    `stored_frame` see `place_boxes`.
    """

    def __init__(
        self,
        dataset: Dataset,
        mapper: ClassMapper,
        report: ImportReport,
        user: User | None,
        existing: str = "merge",
        stored_frame: bool = False,
    ) -> None:
        self.dataset, self.mapper, self.report, self.user = dataset, mapper, report, user
        self.existing, self.stored_frame = existing, stored_frame
        self.unplaced: list[ReadAnnotation] = []
        self._settled: set[str] = set()  # hashes of images that this import made, or whose old labels it replaced
        self._twins = Twins()
        self._ids = new_ids()
        self._user_id = user.pk if user else None

    def write(self, chunk: list[ReadImage]) -> None:
        with transaction.atomic():
            pending = Pending()
            rows = self._image_rows(chunk, pending)
            work = [(rows[item.picture.sha256], Frame.of(item.picture), item.annotations) for item in chunk]
            self._apply(work, pending)

    def write_orphans(self, annotations: list[ReadAnnotation]) -> None:
        """Annotations whose image came earlier: matched with the dataset's images; the rest is reported."""
        if not annotations:
            return
        by_stem: dict[str, list[Image]] = {}
        wanted = ("pk", "file_name", "width", "height", "orientation", "sha256", "tags", "dataset_id", *FIELDS)
        for image in self.dataset.images.only(*wanted):
            by_stem.setdefault(normal(PurePosixPath(image.file_name).stem), []).append(image)
        work = []
        for annotation in annotations:
            found = by_stem.get(normal(annotation.path.stem)) or by_stem.get(
                normal(PurePosixPath(annotation.record.file_name).stem), []
            )
            if len(found) == 1:
                work.append((found[0], self._frame_of(found[0]), [annotation]))
            else:
                self.unplaced.append(annotation)
                self.report.add_problem(annotation.path, self._no_image(annotation, len(found)))
        with transaction.atomic():
            self._apply(work, Pending())

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

    def _image_rows(self, chunk: list[ReadImage], pending: Pending) -> dict[str, AnyImage]:
        """The row of each hash: known ones from the database, the others made now."""
        hashes = {item.picture.sha256 for item in chunk}
        there = self.dataset.images.filter(sha256__in=hashes).defer("fingerprint")
        rows: dict[str, AnyImage] = {image.sha256: image for image in there}
        for item in chunk:
            sha256 = item.picture.sha256
            if said := self._twins.meet(sha256, str(item.path), [each.record for each in item.annotations]):
                self.report.images_skipped += 1
                self.report.add_problem(item.path, said)
            elif known := rows.get(sha256):
                self.report.images_known += 1
                self.report.images_skipped += 1
                known.split = known.split or item.split
            else:
                rows[sha256] = image = self._new_image(item)
                pending.new.append(image)
                self._settled.add(sha256)
        self.report.images_added += len(pending.new)
        return rows

    def _new_image(self, item: ReadImage) -> NewImage:
        picture = item.picture
        folder = str(item.path.parent)
        return NewImage(
            dataset_id=self.dataset.pk,
            file_name=item.path.name[:255],
            folder="" if folder == "." else folder[:500],
            sha256=picture.sha256,
            file=picture.upright_name,
            original=picture.original_name,
            width=picture.width,
            height=picture.height,
            orientation=picture.orientation,
            size_bytes=item.size,
            split=item.split,
            tags=next((image_tags(annotation.record) for annotation in item.annotations), []),
            created_by_id=self._user_id,
        )

    def _apply(self, work: Sequence[tuple[AnyImage, Frame, list[ReadAnnotation]]], pending: Pending) -> None:
        there = {image.pk: image.sha256 for image, _, _ in work if image.pk is not None}
        known_sources = set()
        boxes_of: dict[str, list[Box | NewBox]] = {image.sha256: [] for image, _, _ in work}
        if there:
            for pk, digest in SourceAnnotation.objects.filter(image__in=there).values_list("image_id", "sha256"):
                known_sources.add((there[pk], digest))
            for box in Box.objects.filter(image__in=there):
                boxes_of[there[box.image_id]].append(box)
        for image, frame, files in work:
            present = boxes_of[image.sha256]
            if files and self._keeps(image, present):
                self.report.images_kept += 1
                continue
            for annotation in files:
                digest = hashlib.sha256(annotation.data).hexdigest()
                known = (image.sha256, digest) in known_sources
                if not known or self._replaces(image):
                    known_sources.add((image.sha256, digest))
                    self._apply_one(image, frame, annotation, None if known else digest, present, pending)
            if not files and image.state == ReviewState.UNLABELLED and not present:
                self._say_unlabelled(image)
        pending.save()
        approved = ReviewState.APPROVED.value
        ended = {key: (approved, image.revision) for image in pending.no_longer_approved if (key := image.pk)}
        remember_many(ended, self.dataset.pk, ReviewState.LABELLED, self.user)

    def _keeps(self, image: AnyImage, present: list[Box | NewBox]) -> bool:
        """Was it labelled before this import, and are such labels to be left alone?"""
        answered = bool(present) or image.state != ReviewState.UNLABELLED
        return self.existing == "keep" and answered and image.sha256 not in self._settled

    def _replaces(self, image: AnyImage) -> bool:
        return self.existing == "replace" and image.sha256 not in self._settled

    def _say_unlabelled(self, image: AnyImage) -> None:
        path = PurePosixPath(self._twins.first(image.sha256) or image.file_name)
        self.report.add_problem(
            path,
            FormatError("image_without_annotation", "There is no annotation file for it; it waits in “Unlabelled”."),
        )

    def _apply_one(
        self,
        image: AnyImage,
        frame: Frame,
        annotation: ReadAnnotation,
        digest: str | None,
        present: list[Box | NewBox],
        pending: Pending,
    ) -> None:
        """Put what a file says on its image; `digest` is None when the file is kept already."""
        placed, problems = place_boxes(annotation.record, frame, self.stored_frame)
        replace = self._replaces(image)
        self._settled.add(image.sha256)
        added, known, all_named = self._new_boxes(placed, present, problems)
        removed = [box for box in present if box.id not in known] if replace and all_named else []
        for problem in (*annotation.record.problems, *problems):
            self.report.add_problem(annotation.path, problem)
        if all_named and digest:  # else the file stays unapplied: a later import with a mapping may still use it
            pending.sources.append(self._source(image, annotation, digest))
        elif not added and not removed:
            return
        pending.gone.update(box.id for box in removed)
        present[:] = [*(box for box in present if box not in removed), *added]
        self.report.boxes_added += len(added)
        self.report.boxes_replaced += len(removed)
        self._count_up(image, annotation, present, pending, len(added), len(removed))
        pending.boxes.append((image, added))

    def _count_up(
        self,
        image: AnyImage,
        annotation: ReadAnnotation,
        present: list[Box | NewBox],
        pending: Pending,
        added: int,
        removed: int,
    ) -> None:
        summary = describe_change(added=added, removed=removed, other=f"imported from {annotation.path.name}"[:120])
        before = image.state
        image.state = ReviewState(settled_state(before, True, bool(added or removed))).value
        if before == ReviewState.APPROVED != image.state:
            summary = f"{summary}, {NOT_APPROVED}"
            pending.no_longer_approved.append(image)
        image.verified = image.verified or annotation.record.verified
        image.negative = not present
        image.revision += 1
        tags = [] if image.tags else image_tags(annotation.record)
        image.tags = image.tags or tags
        if not isinstance(image, NewImage):
            pending.known[image.sha256] = image
            if tags:
                pending.tagged.append(image)
        pending.traits[image.sha256] = traits_of(present)
        rows = boxes_as_json(present)
        pending.revisions.append(
            NewRevision(image, image.revision, summary, rows, image.verified, image.negative, self._user_id)
        )

    def _new_boxes(
        self, placed: list[BoxRecord], present: list[Box | NewBox], problems: list[FormatError]
    ) -> tuple[list[NewBox], set[Any], bool]:
        """Boxes that are not on the image yet, ids of those that are, and whether every class name was known."""
        have = {(b.label_class_id, b.x1, b.y1, b.x2, b.y2): b.id for b in present}
        added, known, refused = [], set(), set()
        for record in placed:
            try:
                label_class = self.mapper.find(record.name)
            except FormatError as error:
                if record.name not in refused:
                    problems.append(error)
                refused.add(record.name)
                continue
            if self.mapper.notes and (note := self.mapper.notes.pop(record.name, None)):
                problems.append(note)
            key = (label_class.pk, record.x1, record.y1, record.x2, record.y2)
            if key in have:
                self.report.boxes_known += 1
                known.add(have[key])
                continue
            added.append(self._box(label_class.pk, record))
            have[key] = added[-1].id
        return added, known, not refused

    def _box(self, class_pk: int, record: BoxRecord) -> NewBox:
        return NewBox(
            next(self._ids),
            None,
            class_pk,
            record.x1,
            record.y1,
            record.x2,
            record.y2,
            record.difficult,
            record.truncated,
            record.occluded,
            record.pose,
            IMPORT,
            record.score,
            self._user_id,
            box_tags(record) if record.crowd or record.tags else [],
        )

    @staticmethod
    def _source(image: AnyImage, annotation: ReadAnnotation, digest: str) -> NewSource:
        return NewSource(image, str(annotation.path)[:500], annotation.format, digest, annotation.data)
