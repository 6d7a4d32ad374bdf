"""TFRecord files as a source of images: each picture inside them is an entry, read where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import IO

from datasets.formats.example_proto import Example, values
from datasets.formats.records import FormatError, Piece, Problem
from datasets.formats.splits import split_of_name
from datasets.formats.tfrecord import encoded_picture, read_example, read_frames, read_image
from datasets.importing.source import Entry, Source

KIND_SUFFIX = {b"png": ".png", b"gif": ".gif", b"bmp": ".bmp"}


@dataclass
class RecordSource:
    """The other files of a source, and the pictures of its TFRecords.

    `scan` reads every record once, without keeping pictures; a picture is read again when it is asked for.
    """

    base: Source
    shards: list[Entry]
    images: dict[Entry, tuple[Entry, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def scan(self, names: Mapping[int, str]) -> Iterator[Piece]:
        """What the records say; `names` by class number stand in for texts that are not there."""
        for shard in self.shards:
            try:
                with self.base.open(shard) as file:
                    yield from self._scan_shard(shard, file, names)
            except FormatError as error:
                self.problems.append(Problem(str(shard.path), error.code, error.message))

    def _scan_shard(self, shard: Entry, file: IO[bytes], names: Mapping[int, str]) -> Iterator[Piece]:
        taken: set[PurePosixPath] = set()
        for offset, data in read_frames(file):
            try:
                record, content = read_example(data, names)
            except FormatError as error:
                self.problems.append(Problem(str(shard.path), error.code, f"Byte {offset:,}: {error.message}"))
                continue
            record = replace(record, split=record.split or split_of_name(str(shard.path)))
            example = Example.FromString(data)
            path = self._path(shard, record.file_name or f"{offset}", values(example, "image/format")[:1], taken)
            encoded = encoded_picture(example)
            if encoded:
                taken.add(path)
                self.images[Entry(path, len(encoded), shard.part)] = (shard, offset)
                yield Piece(str(path), record, content)
            else:
                yield Piece(str(shard.path), record, content, own_file=False)

    @staticmethod
    def _path(shard: Entry, name: str, kind: list[bytes], taken: set[PurePosixPath]) -> PurePosixPath:
        """A path of its own for each picture, below the name of the file it came in."""
        plain = PurePosixPath(name).name or "image"
        if not PurePosixPath(plain).suffix:
            plain += KIND_SUFFIX.get(kind[0] if kind else b"", ".jpg")
        path = shard.path / plain
        number = 1
        while path in taken:
            number += 1
            path = shard.path / str(number) / plain
        return path

    def entries(self) -> Iterator[Entry]:
        return iter(self.images)

    def read(self, entry: Entry) -> bytes:
        if entry not in self.images:
            return self.base.read(entry)
        shard, offset = self.images[entry]
        with self.base.open(shard) as file:
            return read_image(file, offset)

    def open(self, entry: Entry) -> IO[bytes]:
        return self.base.open(entry)
