"""Making a backup: the database first, then the files, of which unchanged ones are not read again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from sw_site import RELEASE
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bucket
from sw_site.upkeep.backup.database import keep_database
from sw_site.upkeep.backup.places import Entry, places, walk
from sw_site.upkeep.backup.repository import Kept, Repository, Snapshot

SHOWN = 20
Progress = Callable[[float, float, str], None]


def nothing(done: float, total: float, message: str) -> None:
    pass


def make_backup(folder: Path, keep: int = 0, progress: Progress = nothing) -> dict[str, Any]:
    """Add a snapshot of the site to the backups in `folder`, then drop all but the newest `keep` (0: none).

    Files are written before the rows that name them, so files copied after the database hold all that it names.

    Raises:
        UserError: the folder is none for backups, or lies in the site's own; another backup runs; pg_dump failed.
    """
    check_folder(folder)
    begun, repository = time.monotonic(), Repository.make(folder)
    with repository.locked():
        progress(0, 1, "Copying the database")
        database, named = keep_database(repository)
        earlier = earlier_files(repository)
        entries = list(walk())
        files, copied, copied_bytes = [], 0, database["size"]
        for done, entry in enumerate(entries):
            if done % 100 == 0:
                progress(done, len(entries), f"{done:,} of {len(entries):,} files, {copied:,} of them new")
            kept, is_new = keep_file(repository, entry, earlier.get((entry.place, entry.path)))
            files += [kept] if kept else []
            copied += is_new
            copied_bytes += kept.size if kept and is_new else 0
        moment = datetime.now(UTC)
        made = Snapshot(f"{moment:%Y%m%dT%H%M%S%fZ}", moment.isoformat(timespec="seconds"), RELEASE, database, files)
        snapshot = repository.write(made)
        freed = repository.forget(keep) if keep else 0
    missing = sorted(named - {file.path for file in files if file.place == "media"})
    return {
        **summary(snapshot),
        "folder": str(folder),
        "copied": copied,
        "copied_bytes": copied_bytes,
        "missing": len(missing),
        "missing_files": missing[:SHOWN],
        "freed_bytes": freed,
        "seconds": round(time.monotonic() - begun, 2),
    }


def check_folder(folder: Path) -> None:
    for root in places().values():
        if folder.resolve().is_relative_to(root.resolve()):
            raise UserError(
                "backup_inside_site", f"{folder} lies in the site's own data. Name a folder outside {root}."
            )
    if str(connection.settings_dict["NAME"]) == ":memory:":
        raise UserError("nothing_to_back_up", "The database is in memory only.")


def earlier_files(repository: Repository) -> dict[tuple[str, str], Kept]:
    """Files of the newest snapshot, of which one that is damaged counts as none."""
    try:
        newest = repository.read()
    except UserError:
        return {}
    return {(file.place, file.path): file for file in newest.files}


def keep_file(repository: Repository, entry: Entry, earlier: Kept | None) -> tuple[Kept | None, bool]:
    """(What the snapshot says of a file, whether bytes were copied); no file when it went meanwhile."""
    if (
        earlier
        and (earlier.size, earlier.mtime) == (entry.size, entry.mtime)
        and repository.has(earlier.sha256, earlier.size)
    ):
        return Kept(*entry[:5], earlier.sha256), False
    try:
        with opened(entry) as file:
            sha256, size, is_new = repository.add(file)
    except FileNotFoundError:
        return None, False
    return Kept(entry.place, entry.path, size, entry.mtime, entry.mode, sha256), is_new


def opened(entry: Entry) -> Any:
    if entry.place == "media" and bucket():
        return default_storage.open(entry.path)
    return Path(places()[entry.place], entry.path).open("rb")


def summary(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot.name,
        "made_at": snapshot.made_at,
        "release": snapshot.release,
        "database": snapshot.database["kind"],
        "rows": sum(snapshot.database["counts"].values()),
        "files": len(snapshot.files),
        "bytes": snapshot.size,
    }
