"""Bring images and their annotation files into a dataset: chunk by chunk, each chunk whole or not at all.

The same source may be imported again at any time: images are known by the hash of their bytes, annotation files by
theirs, so nothing comes in twice. A chunk is one short transaction, so that people can go on labelling meanwhile.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from datasets.formats.label_map import read_label_map
from datasets.formats.records import FormatError
from datasets.importing.annotations import Annotations
from datasets.importing.classes import ClassMapper
from datasets.importing.keeping import Keeper
from datasets.importing.matching import VIDEO_SUFFIXES
from datasets.importing.reading import reading_ahead
from datasets.importing.report import ImportReport
from datasets.importing.rows import ReadImage
from datasets.importing.source import Entry, Source
from datasets.importing.writer import ChunkWriter
from datasets.models import Dataset
from datasets.pictures import Picture
from sw_site.lib.collector import fewer_collections
from sw_site.lib.errors import UserError
from sw_site.lib.events import announce

if TYPE_CHECKING:
    from collections.abc import Callable

    from sw_site.accounts.models import User

CHUNK = 200
EXISTING = {
    "merge": "Add boxes that are not there yet",
    "replace": "Replace the labels of each image that comes with labels",
    "keep": "Leave images alone that are labelled already",
}


@dataclass(frozen=True)
class ImportOptions:
    """How names, numbers and formats are to be understood. `label_map` is the text of a .pbtxt, or empty.

    `format` is auto or one of `datasets.formats.detect.FORMATS`; `existing` one of EXISTING; `one_based` reads VOC
    coordinates as counted from 1; `stored_frame` see `place_boxes`.
    """

    mapping: dict[str, str]
    label_map: str = ""
    format: str = "auto"
    existing: str = "merge"
    one_based: bool = False
    stored_frame: bool = False


def import_source(
    dataset: Dataset,
    source: Source,
    options: ImportOptions,
    user: User | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> ImportReport:
    """Import everything usable from a source; what could not be used is in the report, file by file.

    Raises:
        UserError: the source holds no image and no annotation, or the label map cannot be read.
    """
    with fewer_collections():
        report = Importer(dataset, source, options, user).run(progress)
    if report.images_added:
        facts = {"images": report.images_added, "boxes": report.boxes_added, "by": str(user or "")}
        announce("image.uploaded", dataset.pk, **facts)
    return report


class Importer:
    def __init__(self, dataset: Dataset, source: Source, options: ImportOptions, user: User | None) -> None:
        self.report = ImportReport()
        label_map = read_label_map_text(options.label_map)
        self.annotations = Annotations(source, options)
        self.mapper = ClassMapper(dataset, options.mapping, label_map)
        self.writer = ChunkWriter(dataset, self.mapper, self.report, user, options.existing, options.stored_frame)
        self.keeper = Keeper(dataset, self.annotations)
        self._splits: Counter[str] = Counter()

    def run(self, progress: Callable[[int, int, str], None]) -> ImportReport:
        found, report = self.annotations, self.report
        check_not_empty(found)
        if images_in_records := found.detected.format == "tfrecord":
            found.read()
        images = found.contents.images
        report.images_found = total = len(images)
        chunks = [images[start : start + CHUNK] for start in range(0, total, CHUNK)]
        done = 0
        with reading_ahead(found.source, chunks) as outcomes:
            if not images_in_records:
                found.read()  # in this process, while others read the images
            for entries, read in zip(chunks, outcomes, strict=True):
                self.writer.write([image for image in map(self._pair, entries, read) if image])
                done += CHUNK
                progress(min(done, total), total, f"{min(done, total):,} of {total:,} images")
        self.writer.write_orphans(found.orphans)
        self._close()
        return report

    def _close(self) -> None:
        found, report = self.annotations, self.report
        for entry in found.contents.others:
            report.add_problem(entry.path, FormatError("file_type", why_not_imported(entry.path)))
        report.problems.extend([*found.problems, *found.source.problems])
        self.keeper.keep(report.problems, self.writer.unplaced)
        report.format, report.layout = found.detected.format, found.detected.layout
        report.splits = {split: self._splits[split] for split in ("train", "val", "test") if self._splits[split]}
        report.names_mapped = dict(self.mapper.merged)
        report.classes = [c.name for c in self.writer.dataset.classes.all()]
        report.problems.sort(key=lambda problem: (problem.code, problem.file))

    def _pair(self, entry: Entry, outcome: Picture | FormatError) -> ReadImage | None:
        if isinstance(outcome, FormatError):
            self.report.images_skipped += 1
            self.report.add_problem(entry.path, outcome)
            return None
        for note in outcome.notes:
            self.report.add_problem(entry.path, note)
        split = self.annotations.split_of(entry)
        self._splits[split] += 1
        return ReadImage(entry.path, entry.size, outcome, self.annotations.of_image.pop(entry, []), split)


def why_not_imported(path: PurePosixPath) -> str:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return "It is a video. To make images of its frames, drop it on the upload page by itself, outside an archive."
    return "This kind of file is not imported."


def check_not_empty(found: Annotations) -> None:
    """Raises UserError when there is nothing to import."""
    if not found.contents.images and not found.detected.files:
        problems = found.source.problems
        refused = f" {problems[0].file}: {problems[0].message}" if problems else ""
        raise UserError(
            "nothing_to_import",
            "There is no image (JPEG, PNG, WebP, AVIF, BMP, GIF, TIFF) and no file of labels (VOC XML, COCO or "
            f"CreateML JSON, YOLO text, CSV, TFRecord) in it.{refused}",
        )


def read_label_map_text(text: str) -> dict[int, str] | None:
    """Classes of a label map; None for an empty text. Raises UserError when it is none."""
    if not text.strip():
        return None
    try:
        return read_label_map(text)
    except FormatError as error:
        raise UserError(error.code, error.message) from error
