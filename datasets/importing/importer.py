"""Bring images and their annotation files into a dataset: chunk by chunk, each chunk whole or not at all.

The same source may be imported again at any time: images are known by the hash of their bytes, annotation files by
theirs, so nothing comes in twice. A chunk is one short transaction, so that people can go on labelling meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from datasets.formats.label_map import read_label_map
from datasets.formats.records import AnnotationRecord, FormatError
from datasets.formats.voc import read_voc
from datasets.importing.classes import ClassMapper
from datasets.importing.matching import Contents, NameIndex
from datasets.importing.report import ImportReport
from datasets.importing.source import Entry, Source
from datasets.importing.writer import ChunkWriter, ReadAnnotation, ReadImage
from datasets.models import Dataset
from datasets.pictures import Picture, inspect_picture
from datasets.storage import store
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sw_site.accounts.models import User

CHUNK = 200
READERS = 3


@dataclass(frozen=True)
class ImportOptions:
    """How names are to be understood. `label_map` is the text of a .pbtxt, or empty."""

    mapping: dict[str, str]
    label_map: str = ""


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
    return Importer(dataset, source, options, user).run(progress)


class Importer:
    def __init__(self, dataset: Dataset, source: Source, options: ImportOptions, user: User | None) -> None:
        self.source, self.report = source, ImportReport()
        self.mapper = ClassMapper(dataset, options.mapping, self._label_map(options.label_map))
        self.writer = ChunkWriter(dataset, self.mapper, self.report, user)
        self._contents = Contents.sort(source.entries())
        self._annotations: dict[Entry, list[ReadAnnotation]] = defaultdict(list)

    def run(self, progress: Callable[[int, int, str], None]) -> ImportReport:
        contents, report = self._contents, self.report
        if not contents.images and not contents.annotations:
            report.problems.extend(self.source.problems)
            raise UserError("nothing_to_import", self._nothing_there())
        report.images_found = len(contents.images)
        orphans = self._match_annotations()
        total = len(contents.images)
        done = 0
        for chunk in self._read_in_chunks():
            self.writer.write(chunk)
            done += CHUNK
            progress(min(done, total), total, f"{min(done, total):,} of {total:,} images")
        self.writer.write_orphans(orphans)
        self._close()
        return report

    def _close(self) -> None:
        for entry in self._contents.others:
            self.report.add_problem(entry.path, FormatError("file_type", "This kind of file is not imported."))
        self.report.problems.extend(self.source.problems)
        self.report.names_mapped = dict(self.mapper.merged)
        self.report.classes = [c.name for c in self.writer.dataset.classes.all()]
        self.report.problems.sort(key=lambda problem: (problem.code, problem.file))

    def _nothing_there(self) -> str:
        refused = f" {self.source.problems[0].file}: {self.source.problems[0].message}" if self.source.problems else ""
        return f"There is no image (JPEG, PNG, WebP, BMP, GIF, TIFF) and no labelImg XML file in it.{refused}"

    @staticmethod
    def _label_map(text: str) -> dict[int, str] | None:
        if not text.strip():
            return None
        try:
            return read_label_map(text)
        except FormatError as error:
            raise UserError(error.code, error.message) from error

    def _match_annotations(self) -> list[ReadAnnotation]:
        """Read every annotation file and put it with its image; gives back those whose image is not in this source."""
        index = NameIndex(self._contents.images)
        orphans = []
        for entry in self._contents.annotations:
            annotation = self._read_annotation(entry)
            if annotation is None:
                continue
            candidates = index.find(entry.path, annotation.record.file_name)
            if len(candidates) == 1:
                self._annotations[candidates[0]].append(annotation)
            elif candidates:
                names = ", ".join(str(c.path) for c in candidates[:3])
                self.report.add_problem(
                    entry.path,
                    FormatError("ambiguous_match", f"It could belong to any of {names}. Rename them and import again."),
                )
            else:
                orphans.append(annotation)
        return orphans

    def _read_annotation(self, entry: Entry) -> ReadAnnotation | None:
        try:
            data = self.source.read(entry)
            record: AnnotationRecord = read_voc(data)
        except FormatError as error:
            self.report.add_problem(entry.path, error)
            return None
        return ReadAnnotation(entry.path, data, record)

    def _read_in_chunks(self) -> Iterator[list[ReadImage]]:
        """Images read, hashed, checked and stored; only what the database needs stays in memory."""
        images = self._contents.images
        chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
        with ThreadPoolExecutor(READERS) as pool:
            ahead = [pool.map(self._read_image, entries) for entries in chunks[:1]]
            for number, entries in enumerate(chunks, start=1):
                pictures = list(ahead.pop())
                # The next chunk is read while the database takes this one.
                ahead.extend(pool.map(self._read_image, coming) for coming in chunks[number : number + 1])
                yield [image for image in map(self._pair, entries, pictures) if image]

    def _read_image(self, entry: Entry) -> Picture | FormatError:
        try:
            data = self.source.read(entry)
            picture = inspect_picture(data)
        except FormatError as error:
            return error
        store(picture.original_name, data)
        if picture.upright is None:
            return picture
        store(picture.upright_name, picture.upright)
        return replace(picture, upright=b"")  # stored: not to be held in memory by the chunk

    def _pair(self, entry: Entry, outcome: Picture | FormatError) -> ReadImage | None:
        if isinstance(outcome, FormatError):
            self.report.images_skipped += 1
            self.report.add_problem(entry.path, outcome)
            return None
        return ReadImage(entry.path, entry.size, outcome, self._annotations.pop(entry, []))
