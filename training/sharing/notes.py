"""What a machine remembers of a shared folder: how each file lay here when it last was as the bucket has it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings

NOTE = ".shared.json"


class Kept(NamedTuple):
    """A file as it was: the hash of what the bucket has, and size and time (ns) of what lies here."""

    sha256: str
    size: int
    mtime: int


Notes = dict[str, Kept]


def read_notes(folder: Path) -> Notes:
    """Empty where nothing is known: everything is compared anew then."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        return {name: Kept(*kept) for name, kept in json.loads((folder / NOTE).read_text(encoding="utf-8")).items()}
    return {}


def write_notes(folder: Path, notes: Notes) -> None:
    part = folder / f"{NOTE}.part"
    part.write_text(json.dumps(notes, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / NOTE)


def as_kept(path: Path, sha256: str) -> Kept:
    about = path.stat()
    return Kept(sha256, about.st_size, about.st_mtime_ns)


def is_as_kept(path: Path, kept: Kept | None) -> bool:
    try:
        return kept is not None and as_kept(path, kept.sha256) == kept
    except FileNotFoundError:
        return False


def lock_file(folder: str, what: str) -> IO[bytes]:
    """An open file to lock; the lock goes with it. Each opening has a lock of its own, also in one process."""
    place = Path(settings.DATA_DIR) / "locks" / "shared"
    place.mkdir(parents=True, exist_ok=True)
    return (place / f"{folder.replace('/', '-')}.{what}").open("wb")


@contextmanager
def locked(folder: str, what: str, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    with lock_file(folder, what) as file:
        fcntl.flock(file, how)
        yield


def is_locked(folder: str, what: str) -> bool:
    with lock_file(folder, what) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def files_below(folder: Path, part: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """(name, what the system says of it) of all files of a folder, or of a part of it: a file, or all below a folder.

    Those that go meanwhile are left out.
    """
    if part and (folder / part).is_file():
        found = iter([folder / part])
    else:
        found = (Path(root, name) for root, _, names in os.walk(folder / part) for name in names)
    for path in found:
        with suppress(FileNotFoundError):
            yield path.relative_to(folder).as_posix(), path.stat()


def is_in(name: str, parts: tuple[str, ...]) -> bool:
    """Is a file one of these, or below one of them? Any is where nothing is named."""
    return not any(parts) or any(name == part or name.startswith(f"{part}/") for part in parts)
