"""What an import would do, found out without writing anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.formats.detect import FORMATS
from datasets.formats.records import AnnotationRecord, FormatError, Problem
from datasets.importing.annotations import Annotations
from datasets.importing.boxes import Frame, place_boxes
from datasets.importing.importer import (
    CHUNK,
    EXISTING,
    ImportOptions,
    check_not_empty,
    read_label_map_text,
    why_not_imported,
)
from datasets.importing.naming import propose
from datasets.importing.reading import read_chunks
from datasets.importing.rows import ReadAnnotation
from datasets.importing.source import Entry, Source, open_source
from datasets.importing.twins import Twins
from datasets.models import Dataset, ReviewState
from datasets.pictures import Picture

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Preview:
    """Counts and names; `class_names` holds rows of naming.NameProposal as dictionaries.

    `images_labelled` are images of this import that are in the dataset with labels already.
    """

    format: str = ""
    title: str = ""
    layout: str = ""
    why: str = ""
    also: dict[str, int] = field(default_factory=dict)
    images_found: int = 0
    images_new: int = 0
    images_known: int = 0
    images_labelled: int = 0
    negatives: int = 0
    boxes: int = 0
    existing: str = ""
    splits: dict[str, int] = field(default_factory=dict)
    class_names: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "problems": [problem.as_json() for problem in self.problems]}

    def sentence(self) -> str:
        return (
            f"{self.images_new:,} new images, {self.images_known:,} known ones, {self.boxes:,} boxes. Nothing written."
        )


def preview(
    dataset: Dataset | None,
    path: Path | Source,
    options: ImportOptions,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> Preview:
    """Read everything as an import would, and write nothing. `dataset` is None when it is not made yet.

    Raises:
        UserError: the source holds nothing to import, or the label map cannot be read.
    """
    return _Previewer(dataset, path, options).run(progress)


class _Previewer:
    def __init__(self, dataset: Dataset | None, path: Path | Source, options: ImportOptions) -> None:
        self.dataset, self.options, self.result = dataset, options, Preview()
        self.label_map = read_label_map_text(options.label_map)
        self.found = Annotations(open_source(path) if isinstance(path, Path) else path, options)
        self._names: Counter[str] = Counter()
        self._twins = Twins()
        self._labelled: dict[str, bool] = {}  # by hash, of the dataset's images

    def run(self, progress: Callable[[int, int, str], None]) -> Preview:
        found, result = self.found, self.result
        check_not_empty(found)
        found.read()
        detected = found.detected
        result.format, result.title, result.layout, result.why = (
            detected.format,
            detected.title,
            detected.layout,
            detected.why,
        )
        result.also = {FORMATS[name]: len(files) for name, files in detected.also.items()}
        result.existing = EXISTING[self.options.existing]
        if self.dataset:
            rows = self.dataset.images.values_list("sha256", "state")
            self._labelled = {sha256: state != ReviewState.UNLABELLED for sha256, state in rows}
        self._look_at_images(progress)
        self._look_at_orphans()
        result.class_names = self._proposals()
        for entry in found.contents.others:
            self._add(str(entry.path), FormatError("file_type", why_not_imported(entry.path)))
        result.problems.extend([*found.problems, *found.source.problems])
        result.problems.sort(key=lambda problem: (problem.code, problem.file))
        return result

    def _look_at_images(self, progress: Callable[[int, int, str], None]) -> None:
        images = self.found.contents.images
        self.result.images_found = len(images)
        chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
        done = 0
        for entries, outcomes in zip(chunks, read_chunks(self.found.source, chunks, keep=False), strict=True):
            for entry, outcome in zip(entries, outcomes, strict=True):
                if isinstance(outcome, FormatError):
                    self._add(str(entry.path), outcome)
                else:
                    self._look_at(entry, outcome)
            done += len(entries)
            progress(done, len(images), f"{done:,} of {len(images):,} images looked at")

    def _look_at(self, entry: Entry, picture: Picture) -> None:
        result, annotations = self.result, self.found.of_image.get(entry, [])
        for note in picture.notes:
            self._add(str(entry.path), note)
        records = [annotation.record for annotation in annotations]
        if said := self._twins.meet(picture.sha256, str(entry.path), records):
            self._add(str(entry.path), said)
        elif picture.sha256 in self._labelled:
            result.images_known += 1
            result.images_labelled += bool(annotations) and self._labelled[picture.sha256]
        else:
            result.images_new += 1
        split = self.found.split_of(entry)
        if split:
            result.splits[split] = result.splits.get(split, 0) + 1
        if not annotations and not self._labelled.get(picture.sha256):
            message = "There is no annotation file for it; it waits in “Unlabelled”."
            self._add(str(entry.path), FormatError("image_without_annotation", message))
        for annotation in annotations:
            self._count(annotation, Frame.of(picture))

    def _count(self, annotation: ReadAnnotation, frame: Frame) -> None:
        placed, problems = place_boxes(annotation.record, frame, self.options.stored_frame)
        for problem in (*annotation.record.problems, *problems):
            self._add(str(annotation.path), problem)
        self.result.boxes += len(placed)
        self.result.negatives += not placed
        self._names.update(box.name for box in placed)

    def _look_at_orphans(self) -> None:
        """Labels whose image is not among these files: it may be in the dataset, by name."""
        known = set()
        if self.found.orphans and self.dataset:
            known = {name.rpartition(".")[0] for name in self.dataset.images.values_list("file_name", flat=True)}
        for annotation in self.found.orphans:
            record: AnnotationRecord = annotation.record
            stem = (
                annotation.path.stem if annotation.own_file else record.file_name.rpartition("/")[2].rpartition(".")[0]
            )
            if stem in known or record.file_name.rpartition(".")[0] in known:
                self._names.update(box.name for box in record.boxes)
                self.result.boxes += len(record.boxes)
                continue
            message = f"Its image ({record.file_name or annotation.path.stem}) is not here."
            self._add(str(annotation.path), FormatError("annotation_without_image", message))

    def _proposals(self) -> list[dict[str, Any]]:
        classes = list((self.label_map or self.found.label_names).values())
        aliases: dict[str, str] = {}
        for row in self.dataset.classes.all() if self.dataset else ():
            classes.append(row.name)
            aliases |= dict.fromkeys(row.aliases, row.name)
        return [vars(row) for row in propose(self._names, classes, aliases, self.options.mapping)]

    def _add(self, file: str, error: FormatError) -> None:
        self.result.problems.append(Problem(file, error.code, error.message))
