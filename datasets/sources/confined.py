"""A folder of the server as a source that nobody can leave: links that lead outside the listed roots are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from datasets.formats.records import FormatError, Problem
from datasets.importing.source import (
    Entry,
    FolderSource,
    ManySource,
    Source,
    ZipSource,
    check_size,
    is_ignored,
    plain_size,
)

OUTSIDE = "It is a link to a place outside the folders that may be imported, so it was not read."
FOLDER = "It is a link to a folder, which is not followed. Import that folder itself, if it is wanted."


def is_inside(path: str | Path, roots: tuple[Path, ...]) -> bool:
    """Whether a path, all links followed, lies in one of the roots (which are resolved already)."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(root) for root in roots)


@dataclass
class ConfinedFolder(FolderSource):
    """A folder below `roots`. Links to files inside the roots are read, all others are said in `problems`."""

    roots: tuple[Path, ...] = ()

    def entries(self) -> Iterator[Entry]:
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            inside = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            for name in folders:
                if os.path.islink(f"{folder}/{name}"):
                    self.problems.append(Problem(str(inside / name), "unsafe_link", FOLDER))
            for name in sorted(names):
                path, full = inside / name, f"{folder}/{name}"
                if is_ignored(path):
                    continue
                if os.path.islink(full) and not is_inside(full, self.roots):
                    self.problems.append(Problem(str(path), "unsafe_link", OUTSIDE))
                elif (size := plain_size(full)) is not None:
                    yield Entry(path, size)

    def read(self, entry: Entry) -> bytes:
        check_size(entry)
        with self.open(entry) as file:
            return file.read()

    def open(self, entry: Entry) -> IO[bytes]:
        real = os.path.realpath(f"{self.root}/{entry.path}")
        if not is_inside(real, self.roots):  # a link that came after the listing
            raise FormatError("unsafe_link", OUTSIDE)
        try:
            return os.fdopen(os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        except OSError as error:
            raise FormatError("file_not_readable", f"The file could not be read ({error.strerror}).") from error


def open_confined(path: Path, roots: tuple[Path, ...]) -> Source:
    """A folder with the zips in it, or a zip; `path` was checked to be there and inside the roots."""
    if path.is_file():
        return ZipSource(path)
    zips = sorted(p for p in path.iterdir() if p.suffix.lower() == ".zip" and p.is_file() and is_inside(p, roots))
    folder = ConfinedFolder(path, roots=roots)
    return ManySource([folder, *(ZipSource(file) for file in zips)]) if zips else folder
