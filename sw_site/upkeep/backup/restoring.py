"""Bringing a site back from a backup, into an empty place, after everything was looked at."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from sw_site import RELEASE
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bucket
from sw_site.upkeep.backup.database import check_kind, counts, put_database, tables
from sw_site.upkeep.backup.making import Progress, nothing, summary
from sw_site.upkeep.backup.places import HALF_WRITTEN, places, unfinished, walk
from sw_site.upkeep.backup.repository import Kept, Repository, Snapshot

#: What a site has before anything was done with it.
BORN_WITH = ("data", "secret_key")


def restore(folder: Path, name: str = "", progress: Progress = nothing) -> dict[str, Any]:
    """Make this site what the snapshot is. Nothing is written before the whole backup was read and found whole.

    A restore that was cut off (a full disk, a kill) is started again and goes on over what it wrote.

    Raises:
        UserError: no backup, a damaged one, of a newer release or another kind of database; the site is not empty.
    """
    begun, repository = time.monotonic(), Repository.open(folder)
    snapshot = repository.read(name)
    check_kind(snapshot.database)
    check_release(snapshot)
    check_empty(snapshot)
    check_objects(repository, snapshot, progress)
    mark = unfinished()
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(snapshot.name)
    for done, file in enumerate(snapshot.files):
        if done % 100 == 0:
            progress(1 + done / max(1, len(snapshot.files)), 3, f"{done:,} of {len(snapshot.files):,} files are back")
        put_file(repository, file)
    progress(2, 3, "Filling the database")
    if not tables() or connection.vendor == "sqlite":
        put_database(repository, snapshot.database)
    if counts() != snapshot.database["counts"]:
        raise UserError("restore_differs", "The database has not the rows of the snapshot. Empty it and restore again.")
    call_command("migrate", verbosity=0)
    mark.unlink()
    return {**summary(snapshot), "folder": str(folder), "seconds": round(time.monotonic() - begun, 2)}


def check_release(snapshot: Snapshot) -> None:
    """An older release's database is brought up to date afterwards; a newer one's cannot be brought back."""
    known = MigrationLoader(None).disk_migrations
    replaced = {pair for migration in known.values() for pair in migration.replaces}
    unknown = [
        pair for pair in map(tuple, snapshot.database["migrations"]) if pair not in known and pair not in replaced
    ]
    if unknown:
        raise UserError(
            "backup_of_newer_release",
            f"The snapshot was made by release {snapshot.release}, which is newer than this one ({RELEASE}): its "
            f"database has changes unknown here ({'.'.join(unknown[0])}). Install that release or a newer one.",
        )


def check_empty(snapshot: Snapshot) -> None:
    """Raises UserError when this site holds anything, except what an unfinished restore of the same snapshot wrote."""
    try:
        if unfinished().read_text() == snapshot.name:
            return
    except FileNotFoundError:
        pass
    found = next((each for each in strangers()), None)
    if found:
        raise UserError(
            "site_not_empty",
            f"This site is not empty ({found}), and a restore never overwrites anything. Point DATA_DIR"
            " (and DATABASE_URL) at an empty place, or move away what is there.",
        )


def strangers() -> Iterator[str]:
    for entry in walk():
        if (entry.place, entry.path) != BORN_WITH:
            in_bucket = entry.place == "media" and bucket()
            yield f"{entry.path if in_bucket else places()[entry.place] / entry.path} is there"
    if rows := tables():
        yield f"the database has the table {rows[0]}"


def check_objects(repository: Repository, snapshot: Snapshot, progress: Progress) -> None:
    """Everything the snapshot needs, byte by byte."""
    objects = snapshot.objects
    for done, sha256 in enumerate(objects):
        if done % 100 == 0:
            progress(done / len(objects), 3, f"{done:,} of {len(objects):,} contents looked at")
        repository.read_whole(sha256)
    for file in snapshot.files:
        if file.place not in places() or Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise UserError("backup_damaged", f"The snapshot names a file outside the site: {file.place}/{file.path}.")


def put_file(repository: Repository, file: Kept) -> None:
    """Write a file beside its place and rename it; one that an unfinished restore wrote already is left."""
    if file.place == "media" and (store := bucket()):
        if not store.exists(file.path) or store.size(file.path) != file.size:
            send_file(repository, file)
        return
    target = places()[file.place] / file.path
    if (file.place, file.path) != BORN_WITH and is_there(target, file):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + HALF_WRITTEN)
    try:
        with part.open("wb") as writing:
            writing.writelines(repository.pieces(file.sha256))
        part.chmod(file.mode)
        os.utime(part, ns=(file.mtime, file.mtime))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def send_file(repository: Repository, file: Kept) -> None:
    """Into the bucket, which holds a whole file or none."""
    with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR) as copy:
        for piece in repository.pieces(file.sha256):
            copy.write(piece)
        copy.seek(0)
        bucket().write(file.path, copy)


def is_there(target: Path, file: Kept) -> bool:
    try:
        about = target.stat()
    except FileNotFoundError:
        return False
    return (about.st_size, about.st_mtime_ns) == (file.size, file.mtime)
