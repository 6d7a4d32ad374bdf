"""Writes one chunk of read files into the database, in one transaction."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.bulk import NewBox, insert_rows, new_ids
from datasets.formats.records import BoxRecord, FormatError
from datasets.importing.boxes import Frame, place_boxes
from datasets.importing.classes import ClassMapper
from datasets.importing.matching import normal
from datasets.importing.report import ImportReport
from datasets.importing.rows import FIELDS, Pending, ReadAnnotation, ReadImage, box_tags, image_tags
from datasets.labels import boxes_as_json, describe_change
from datasets.models import Box, Dataset, Image, ReviewState, Revision, SourceAnnotation
from datasets.models.annotation import BoxSource
from datasets.traits import traits_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User


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
        self._settled: set[int] = set()  # images whose old labels have been replaced, or were made by this import
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
                rows[sha256].split = rows[sha256].split or item.split
            else:
                rows[sha256] = self._new_image(item)
                new.append(rows[sha256])
            self._first_path.setdefault(sha256, item.path)
        insert_rows(Image, new)
        pks = dict(self.dataset.images.filter(sha256__in=[i.sha256 for i in new]).values_list("sha256", "pk"))
        for image in new:
            image.pk = pks[image.sha256]
        self._settled.update(image.pk for image in new)
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
            split=item.split,
            tags=next((image_tags(annotation.record) for annotation in item.annotations), []),
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
            if files and self._keeps(image, boxes_of[image.pk]):
                self.report.images_kept += 1
                continue
            for annotation in files:
                digest = hashlib.sha256(annotation.data).hexdigest()
                known = (image.pk, digest) in known_sources
                if not known or self._replaces(image):
                    known_sources.add((image.pk, digest))
                    self._apply_one(image, frame, annotation, None if known else digest, boxes_of[image.pk], pending)
            if not files and image.state == ReviewState.UNLABELLED and not boxes_of[image.pk]:
                self._say_unlabelled(image)
        pending.save()

    def _keeps(self, image: Image, present: list[Box | NewBox]) -> bool:
        """Was it labelled before this import, and are such labels to be left alone?"""
        answered = bool(present) or image.state != ReviewState.UNLABELLED
        return self.existing == "keep" and answered and image.pk not in self._settled

    def _replaces(self, image: Image) -> bool:
        return self.existing == "replace" and image.pk not in self._settled

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
        digest: str | None,
        present: list[Box | NewBox],
        pending: Pending,
    ) -> None:
        """Put what a file says on its image; `digest` is None when the file is kept already."""
        placed, problems = place_boxes(annotation.record, frame, self.stored_frame)
        replace = self._replaces(image)
        self._settled.add(image.pk)
        added, known, all_named = self._new_boxes(image, placed, present, problems)
        removed = [box for box in present if box.id not in known] if replace and all_named else []
        for problem in (*annotation.record.problems, *problems):
            self.report.add_problem(annotation.path, problem)
        if all_named and digest:  # else the file stays unapplied: a later import with a mapping may still use it
            pending.sources.append(self._source(image, annotation, digest))
        elif not added and not removed:
            return
        pending.gone.extend(box.id for box in removed)
        present[:] = [*(box for box in present if box not in removed), *added]
        self.report.boxes_added += len(added)
        self.report.boxes_replaced += len(removed)
        self._count_up(image, annotation, present, pending, len(added), len(removed))
        pending.boxes.extend(added)

    def _count_up(
        self,
        image: Image,
        annotation: ReadAnnotation,
        present: list[Box | NewBox],
        pending: Pending,
        added: int,
        removed: int,
    ) -> None:
        image.state = ReviewState.LABELLED if image.state == ReviewState.UNLABELLED else image.state
        image.verified = image.verified or annotation.record.verified
        image.negative = not present
        image.revision += 1
        if not image.tags and (tags := image_tags(annotation.record)):
            image.tags = tags
            pending.tagged.append(image)
        pending.images.append(image)
        pending.traits[image.pk] = traits_of(present)
        summary = describe_change(added=added, removed=removed, other=f"imported from {annotation.path.name}"[:120])
        pending.revisions.append(
            Revision(
                image=image,
                number=image.revision,
                user=self.user,
                summary=summary,
                boxes=boxes_as_json(present),
                verified=image.verified,
                negative=image.negative,
            )
        )

    def _new_boxes(
        self, image: Image, placed: list[BoxRecord], present: list[Box | NewBox], problems: list[FormatError]
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
            key = (label_class.pk, record.x1, record.y1, record.x2, record.y2)
            if key in have:
                self.report.boxes_known += 1
                known.add(have[key])
                continue
            added.append(self._box(image, label_class.pk, record))
            have[key] = added[-1].id
        return added, known, not refused

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
            score=record.score,
            created_by_id=self.user.pk if self.user else None,
            tags=box_tags(record),
        )

    @staticmethod
    def _source(image: Image, annotation: ReadAnnotation, digest: str) -> SourceAnnotation:
        return SourceAnnotation(
            image=image,
            file_name=str(annotation.path)[:500],
            format=annotation.format,
            sha256=digest,
            content=annotation.data,
        )
