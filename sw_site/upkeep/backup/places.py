"""The folders that hold a site's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from sw_site.lib.files.where import SHARED, bucket

#: Below DATA_DIR: made again at each start, only good for the processes that run, or put into the backup by themselves.
LEFT_OUT = {"static", "locks", "tensorboard", "cache", "restore-unfinished"}
HALF_WRITTEN = ".part"


class Entry(NamedTuple):
    """A file by its place and the path below it, with forward slashes. Size in bytes, `mtime` in nanoseconds."""

    place: str
    path: str
    size: int
    mtime: int
    mode: int


def places() -> dict[str, Path]:
    """Folders by the name they have in a backup, so that a site can come back elsewhere."""
    roots = {"media": settings.MEDIA_ROOT, "runs": settings.RUNS_ROOT, "uploads": settings.UPLOADS_ROOT}
    return {**{name: Path(root) for name, root in roots.items()}, "data": Path(settings.DATA_DIR)}


def database_files() -> set[str]:
    """The files of SQLite below DATA_DIR: the database is copied by its own means."""
    name = str(connection.settings_dict["NAME"])
    relative = os.path.relpath(name, settings.DATA_DIR)
    return {relative + suffix for suffix in ("", "-wal", "-shm", "-journal")}


def unfinished() -> Path:
    """Holds the name of the snapshot while a restore is at work; the site does not start as long as it is there."""
    return Path(settings.DATA_DIR) / "restore-unfinished"


def walk() -> Iterator[Entry]:
    """All files of the site."""
    roots = places()
    if store := bucket():
        # What trainings share comes first: they replace it, and keep what was replaced for minutes only.
        for name, size, written in sorted(store.objects(), key=lambda each: (not each[0].startswith(SHARED), each[0])):
            yield Entry("media", name, size, int(written.timestamp()) * 10**9, 0o644)
    for place, root in roots.items():
        skipped = {other.resolve() for other in roots.values() if other != root}
        if place == "media" and store:
            continue  # what may lie there is from before the bucket
        if place == "data":
            skipped |= {(root / name).resolve() for name in LEFT_OUT | database_files()}
        yield from sorted(_below(place, root, "", skipped))


def _below(place: str, folder: Path, prefix: str, skipped: set[Path]) -> Iterator[Entry]:
    try:
        found = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for each in found:
        path = prefix + each.name
        if each.name.endswith(HALF_WRITTEN) or (place == "data" and Path(each.path).resolve() in skipped):
            continue
        if each.is_dir(follow_symlinks=False):
            yield from _below(place, Path(each.path), f"{path}/", skipped)
        elif each.is_file(follow_symlinks=False):
            try:
                about = each.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # it went while the folder was read
            yield Entry(place, path, about.st_size, about.st_mtime_ns, about.st_mode & 0o777)
