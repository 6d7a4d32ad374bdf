"""What an import reads from: a folder, a zip, or a folder with zips in it. Nothing is ever unpacked by its own name."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from datasets.formats.records import FormatError, Problem
from sw_site.lib.errors import UserError

MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_ENTRIES = 1_000_000
MAX_RATIO = 200
IGNORED_NAMES = {"thumbs.db", ".ds_store", "desktop.ini", "predefined_classes.txt"}


@dataclass(frozen=True)
class Entry:
    """One file of a source; `path` is relative to its root, with forward slashes. `part` tells sources apart."""

    path: PurePosixPath
    size: int
    part: int = 0


class Source(Protocol):
    """May be pickled after `entries` was read to its end, so that another process can read files, too."""

    @property
    def problems(self) -> list[Problem]: ...

    def entries(self) -> Iterator[Entry]: ...

    def read(self, entry: Entry) -> bytes:
        """The bytes of one file. Raises FormatError when it cannot be read; may be called from several threads."""

    def open(self, entry: Entry) -> IO[bytes]:
        """A file to be read from its beginning, however large. Raises FormatError when it cannot be opened."""


def is_ignored(path: PurePosixPath) -> bool:
    return path.name.lower() in IGNORED_NAMES or path.name.startswith("._") or "__MACOSX" in path.parts


@dataclass
class FolderSource:
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            inside = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            for name in sorted(names):
                path = inside / name
                if not is_ignored(path) and (size := plain_size(f"{folder}/{name}")) is not None:
                    yield Entry(path, size)

    def read(self, entry: Entry) -> bytes:
        check_size(entry)
        try:
            with open(f"{self.root}/{entry.path}", "rb", buffering=0) as file:
                return file.readall()
        except OSError as error:
            raise FormatError("file_not_readable", f"The file could not be read ({error.strerror}).") from error

    def open(self, entry: Entry) -> IO[bytes]:
        try:
            return open(f"{self.root}/{entry.path}", "rb")
        except OSError as error:
            raise FormatError("file_not_readable", f"The file could not be read ({error.strerror}).") from error


def plain_size(path: str) -> int | None:
    """Size of a file; None for what is no file (any more)."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


class ZipSource:
    """A zip archive, read member by member. Members whose names climb out, links and bombs are refused one by one."""

    def __init__(self, file: Path) -> None:
        self.problems: list[Problem] = []
        self.file = file
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, LookupError, NotImplementedError, struct.error) as error:
            raise UserError(
                "not_a_zip",
                f"{file.name} is not a zip archive, or it is damaged ({error}). Make it again and upload it.",
            ) from error
        if len(self._zip.infolist()) > MAX_ENTRIES:
            raise UserError("too_many_files", f"{file.name} holds more than {MAX_ENTRIES:,} files. Split it.")
        self._members: dict[PurePosixPath, zipfile.ZipInfo] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"file": self.file, "problems": self.problems, "members": self._members}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["file"])  # type: ignore[misc]
        self.problems, self._members = state["problems"], state["members"]

    def entries(self) -> Iterator[Entry]:
        for info in sorted(self._zip.infolist(), key=lambda info: info.filename):
            if info.filename.endswith("/"):
                continue
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if is_ignored(path):
                continue
            if problem := self._refuse(info, path):
                self.problems.append(problem)
                continue
            self._members[path] = info
            yield Entry(path, info.file_size)

    def _refuse(self, info: zipfile.ZipInfo, path: PurePosixPath) -> Problem | None:
        def problem(code: str, message: str) -> Problem:
            return Problem(info.filename, code, message)

        if path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]:
            return problem("unsafe_path", "Its name points outside the archive, so it was not read.")
        if stat.S_ISLNK(info.external_attr >> 16):
            return problem("unsafe_link", "It is a link, not a file, so it was not read.")
        if info.flag_bits & 1:
            return problem("encrypted", "It is protected by a password. Make the zip without one.")
        if info.file_size > 1024 * 1024 and info.file_size > MAX_RATIO * max(1, info.compress_size):
            return problem("zip_bomb", "It unpacks to more than 200 times its size, so it was not read.")
        return None

    def read(self, entry: Entry) -> bytes:
        check_size(entry)
        info = self._members[entry.path]
        try:
            with self._lock, self._zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise FormatError("zip_member_damaged", f"The archive is damaged at this file ({error}).") from error
        except Exception as error:  # zlib.error, lzma.LZMAError: each decompressor has its own
            raise FormatError("zip_member_damaged", f"The archive is damaged at this file ({error}).") from error
        if len(data) != info.file_size:
            raise FormatError("zip_member_damaged", "The archive says another size for this file than it holds.")
        return data

    def open(self, entry: Entry) -> IO[bytes]:
        """Unpacked into a file without a name, which goes when it is closed."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with self._lock, self._zip.open(self._members[entry.path]) as file:
                shutil.copyfileobj(file, spool, 1024 * 1024)
        except Exception as error:  # each decompressor has its own
            spool.close()
            raise FormatError("zip_member_damaged", f"The archive is damaged at this file ({error}).") from error
        spool.seek(0)
        return spool


class ManySource:
    """Several sources read as one: what a person dropped on the page in one go."""

    def __init__(self, parts: list[Source]) -> None:
        self._parts = parts

    @property
    def problems(self) -> list[Problem]:
        return [problem for part in self._parts for problem in part.problems]

    def entries(self) -> Iterator[Entry]:
        for number, part in enumerate(self._parts):
            for entry in part.entries():
                yield replace(entry, part=number)

    def read(self, entry: Entry) -> bytes:
        return self._parts[entry.part].read(entry)

    def open(self, entry: Entry) -> IO[bytes]:
        return self._parts[entry.part].open(entry)


def check_size(entry: Entry) -> None:
    if entry.size > MAX_FILE_BYTES:
        raise FormatError(
            "file_too_large", f"The file is larger than {MAX_FILE_BYTES // 2**20} MB, so it was not read."
        )


def open_source(path: Path) -> Source:
    """A source for a path given by a person.

    Raises:
        UserError: nothing there, or a file that is no zip.
    """
    if path.is_file():
        return ZipSource(path)
    if not path.is_dir():
        raise UserError("no_such_path", f"There is nothing at {path}. Give a folder or a zip archive.")
    zips = sorted(p for p in path.iterdir() if p.suffix.lower() == ".zip" and p.is_file())
    parts: list[Source] = [FolderSource(path), *(ZipSource(file) for file in zips)]
    return parts[0] if len(parts) == 1 else ManySource(parts)
