"""Taking the few files that are needed out of an archive, and nothing else.

An archive comes from a stranger. Nothing is written under a name that the archive chose but its last part, links and
devices are never made, and reading stops where the content grows beyond what a detector can be.
"""

from __future__ import annotations

import errno
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from training.engine.errors import EngineError
from training.engine.rundir import whole_file

MOST_MEMBERS = 10_000
MOST_BYTES = 6 * 2**30
MOST_GROWTH = 200  # times the size of the archive; weights hardly shrink at all
SMALL_ARCHIVE = 2**20  # bytes; below, growth is not looked at: texts shrink a lot
BLOCK = 2**20


@dataclass(frozen=True)
class Member:
    """A file inside an archive; `open` gives its content."""

    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def extract(path: Path, folder: Path, wanted: Callable[[PurePosixPath], bool]) -> list[Path]:
    """Writes the wanted files of a .tar, .tar.gz or .zip below `folder`, under their paths in the archive.

    Raises `EngineError` when it is no archive, is cut off, is damaged, or holds what no honest archive holds.
    """
    if not path.is_file():
        raise bad(f"The archive {path.name} is missing; choose it again.")
    written = []
    with reading(path):
        for member in members(path):
            if wanted(member.name):
                written.append(write(member, folder))
    return written


def write(member: Member, folder: Path) -> Path:
    target = folder.joinpath(*member.name.parts)
    left = member.size
    with whole_file(target) as part, part.open("wb") as out, member.open() as source:
        while block := source.read(min(BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise bad(f"{member.name.name} in the archive is larger than it says; do not trust this file.")
            out.write(block)
        if left:
            raise EOFError
    return target


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns whatever a broken archive raises into one sentence."""
    try:
        yield
    except (EOFError, tarfile.ReadError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's trouble
            raise
        raise bad(f"{path.name} is cut off or damaged; download it again.") from error
    except (NotImplementedError, RuntimeError) as error:  # what zipfile raises for passwords and odd compressions
        raise bad(
            f"{path.name} cannot be unpacked ({error}); pack it as .tar.gz or .zip without a password."
        ) from error


def members(path: Path) -> Iterator[Member]:
    """The files of an archive, each checked before it is handed out."""
    if zipfile.is_zipfile(path):
        found = zip_members(path)
    elif is_tar(path):
        found = tar_members(path)
    else:
        raise bad(
            f"{path.name} is neither a .tar.gz nor a .zip archive, or is cut off at its start; "
            "give the archive as it was downloaded."
        )
    count, size = 0, 0
    most = MOST_BYTES
    if path.stat().st_size > SMALL_ARCHIVE:
        most = min(most, path.stat().st_size * MOST_GROWTH)
    for member in found:
        count, size = count + 1, size + member.size
        if count > MOST_MEMBERS or size > most:
            raise bad(f"{path.name} unpacks to more than any detector needs; do not trust this file.")
        yield member


def is_tar(path: Path) -> bool:
    """A .tar, .tar.gz or .tar.bz2: a header of .xz may ask for gigabytes of memory before anything is read."""
    try:
        open_tar(path).close()
    except (EOFError, tarfile.ReadError, zlib.error, OSError):
        return False
    return True


def open_tar(path: Path) -> tarfile.TarFile:
    with path.open("rb") as file:
        beginning = file.read(3)
    packing = {b"\x1f\x8b": "gz", b"BZ": "bz2"}.get(beginning[:2], "")
    return tarfile.open(path, f"r:{packing}")  # type: ignore[call-overload]


def tar_members(path: Path) -> Iterator[Member]:
    with open_tar(path) as archive:
        for info in archive:
            if info.isdir():
                continue
            name = checked(path, info.name)
            if not info.isreg():
                raise bad(f"{path.name} holds {info.name!r}, which is a link or a device; do not trust this file.")
            yield Member(name, info.size, lambda info=info: content(archive, info))  # type: ignore[misc]


def content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    opened = archive.extractfile(info)
    if opened is None:
        raise EOFError
    return opened


def zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.endswith("/"):
                continue
            name = checked(path, info.filename)
            kind = info.external_attr >> 28  # the file type of Unix, 0 where another system made the archive
            if kind not in (0, 8):
                raise bad(f"{path.name} holds {info.filename!r}, which is a link or a device; do not trust this file.")
            yield Member(name, info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def checked(path: Path, name: str) -> PurePosixPath:
    """The name of a member as a path that stays inside."""
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or not inside.parts or ":" in inside.parts[0] or "\0" in name:
        raise bad(f"{path.name} wants to write to {name!r}, outside its own folder; do not trust this file.")
    return inside


def bad(sentence: str) -> EngineError:
    return EngineError("bad_archive", sentence)
