"""Annotation files of a source: found, read, and put with the images they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from datasets.formats.detect import FORMATS, Detected, detect
from datasets.formats.records import Context, FormatError, Piece, Problem
from datasets.formats.registry import label_names, make_context, read_file, split_folders, split_lists
from datasets.formats.splits import split_of_folder, split_of_name
from datasets.importing.matching import Contents, NameIndex, normal
from datasets.importing.record_source import RecordSource
from datasets.importing.rows import ReadAnnotation
from datasets.importing.source import Entry, Source
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from datasets.importing.importer import ImportOptions


class Annotations:
    """`of_image` holds what was read for each image, `orphans` what belongs to no image of this source."""

    def __init__(self, source: Source, options: ImportOptions) -> None:
        self.source, self.options = source, options
        self.problems: list[Problem] = []
        self.of_image: dict[Entry, list[ReadAnnotation]] = defaultdict(list)
        self.orphans: list[ReadAnnotation] = []
        self.contents = Contents.sort(source.entries())
        self._sides = {str(entry.path): entry for entry in self.contents.sides}
        self.detected = self._detect()
        self.label_names = label_names(self.detected, self._read)
        self._lists = split_lists(self.detected, self._read, self.problems)
        self._folders = split_folders(self.detected, self._read)

    def _detect(self) -> Detected:
        images = [str(entry.path) for entry in self.contents.images]
        try:
            return detect([*self._sides, *images], self._head, self.options.format)
        except FormatError as error:
            raise UserError(error.code, error.message) from error

    def _head(self, path: str, length: int) -> bytes:
        try:
            with self.source.open(self._sides[path]) as file:
                return file.read(length)
        except (FormatError, KeyError, OSError):
            return b""

    def _read(self, path: str) -> bytes:
        return self.source.read(self._sides[path])

    def read(self) -> None:
        """Read every annotation file and put it with its image."""
        pieces = list(self._record_pieces()) if self.detected.format == "tfrecord" else self._pieces()
        index = NameIndex(self.contents.images)
        for piece in pieces:
            if isinstance(piece, Problem):
                self.problems.append(piece)
            else:
                self._place(index, piece)
        for name, files in self.detected.also.items():
            message = f"{len(files):,} in this format ({FORMATS[name]}) were not read, because the labels of "
            message += f"{self.detected.title} were. To read them instead, import again with this format."
            self.problems.append(Problem(files[0], "other_format", message))
        self._say_same_stems()

    def _pieces(self) -> Iterator[Piece | Problem]:
        context: Context = make_context(self.detected, self._read, self.options.one_based, self.problems)
        for path in self.detected.files:
            try:
                data = self._read(path)
            except FormatError as error:
                yield Problem(path, error.code, error.message)
                continue
            yield from read_file(self.detected.format, path, data, context)

    def _record_pieces(self) -> Iterator[Piece]:
        """Pieces of TFRecords, whose pictures become entries of this source."""
        shards = [self._sides[path] for path in self.detected.files]
        self.source = inside = RecordSource(self.source, shards)
        yield from inside.scan(self.label_names)
        self.problems.extend(inside.problems)
        inside.problems = list(inside.base.problems)
        self.contents.images.extend(inside.images)

    def _place(self, index: NameIndex, piece: Piece) -> None:
        path = PurePosixPath(piece.path)
        if piece.own_file:
            candidates = index.find(path, piece.record.file_name)
        else:
            split = piece.record.split or split_of_name(piece.path)
            piece = replace(piece, record=replace(piece.record, split=split))
            candidates = index.find_stated(piece.record.file_name, path, split)
        annotation = ReadAnnotation(path, piece.content, piece.record, self._kind(), piece.own_file)
        if len(candidates) == 1:
            self.of_image[candidates[0]].append(annotation)
            self._check_names(candidates[0], annotation, index)
        elif candidates:
            names = ", ".join(str(c.path) for c in candidates[:3])
            message = f"It could belong to any of {names}. Rename them and import again."
            self.problems.append(Problem(self._called(annotation), "ambiguous_match", message))
        else:
            self.orphans.append(annotation)

    def _kind(self) -> str:
        return "voc" if self.detected.format == "pets" else self.detected.format

    @staticmethod
    def _called(annotation: ReadAnnotation) -> str:
        return str(annotation.path) if annotation.own_file else f"{annotation.path}: {annotation.record.file_name}"

    def _check_names(self, image: Entry, annotation: ReadAnnotation, index: NameIndex) -> None:
        stated, name, stem = annotation.record.file_name.rpartition("/")[2], image.path.name, image.path.stem
        if not stated or stated in (name, stem):
            return
        if normal(stated) == normal(name):
            message = f"It writes the accents of {name} in another way; it was matched all the same."
            self.problems.append(Problem(str(annotation.path), "name_spelled_otherwise", message))
        elif annotation.own_file and normal(PurePosixPath(stated).stem) != normal(stem) and index.has(stated):
            message = (
                f"It lies beside {name} but names {stated}, which is here, too. Its boxes went to {name}: check them."
            )
            self.problems.append(Problem(str(annotation.path), "file_name_differs", message))

    def _say_same_stems(self) -> None:
        if self.detected.format not in ("voc", "pets", "yolo", "ultralytics"):
            return
        seen: dict[PurePosixPath, Entry] = {}
        for entry in self.contents.images:
            stem = entry.path.with_suffix("")
            other = seen.setdefault(stem, entry)
            if other is not entry:
                message = (
                    f"It has the same name as {other.path.name} but for the suffix, so one label file serves both; "
                )
                message += "it went to the one that it names. Check which image it was made for."
                self.problems.append(Problem(str(entry.path), "same_stem", message))

    def split_of(self, entry: Entry) -> str:
        """train, val or test: by lists, by the annotations, by folders; empty when nothing says it."""
        path = str(entry.path)
        found = self._lists.find(path) if len(self._lists) else ""
        annotations = self.of_image.get(entry, ())
        found = found or next((a.record.split for a in annotations if a.record.split), "")
        found = found or next((split for place, split in self._folders.items() if f"/{place}/" in f"/{path}"), "")
        return found or split_of_folder(path) or next((split_of_folder(str(a.path)) for a in annotations), "")
