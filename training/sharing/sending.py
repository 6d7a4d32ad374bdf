"""From this machine's copy of a shared folder into the bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from sw_site.lib.files.where import SHARED, bucket, is_gone, side_by_side
from training.sharing.notes import Kept, Notes, files_below, is_in, locked, read_notes, write_notes
from training.sharing.rows import ReplacedFile, SharedFile

if TYPE_CHECKING:
    from training.sharing.folder import SharedFolder

#: A folder that changes while it is looked at is looked at again so often: a checkpoint is several files.
LOOKS = 5
#: So long what was replaced stays in the bucket.
KEEP_SECONDS = 900
PIECE, IN_MEMORY = 1024 * 1024, 8 * 1024 * 1024

#: An open file with size and time as they were when it was opened.
Opened = tuple[IO[bytes], int, int]
Rows = dict[str, SharedFile]


def send(shared: SharedFolder, parts: tuple[str, ...], still_mine: Callable[[], bool]) -> int:
    """See `SharedFolder.send`."""
    store = bucket()
    if store is None:
        return 0
    with locked(shared.name, "sync"), ExitStack() as stack:
        if not SharedFile.objects.filter(folder=shared.name).exists():
            parts = ()
        notes, rows = read_notes(shared.path), rows_of(shared, parts)
        names, opened = looked_at(shared, parts, notes, rows, stack)
        new = dict(side_by_side(lambda name: (name, sent(store, shared, name, opened[name][:2])), opened))
        gone = (rows.keys() & notes.keys()) - names  # what never was here is no loss of this machine
        old = [row for name, row in rows.items() if name in new or name in gone]
        if (new or gone) and not written(list(new.values()), old, still_mine):
            return 0
        for name in gone:
            notes.pop(name, None)
        notes |= {name: Kept(row.sha256, *opened[name][1:]) for name, row in new.items()}
        if new or gone:
            write_notes(shared.path, notes)
            clear_replaced()
        return len(new)


def rows_of(shared: SharedFolder, parts: tuple[str, ...]) -> Rows:
    rows = SharedFile.objects.filter(folder=shared.name)
    return {row.name: row for row in rows if is_in(row.name, parts)}


def looked_at(
    shared: SharedFolder, parts: tuple[str, ...], notes: Notes, rows: Rows, stack: ExitStack
) -> tuple[set[str], dict[str, Opened]]:
    """(names of all files, those that the bucket lacks, opened): as they were at one moment, for they are held open."""
    for _ in range(LOOKS):
        before = listed(shared, parts)
        opened: dict[str, Opened] = {}
        try:
            for name, (size, mtime) in before.items():
                row = rows.get(name)
                if row is None or notes.get(name) != Kept(row.sha256, size, mtime):
                    opened[name] = (stack.enter_context((shared.path / name).open("rb")), size, mtime)
        except FileNotFoundError:
            continue
        if listed(shared, parts).keys() == before.keys():
            break
    return set(before), opened


def listed(shared: SharedFolder, parts: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    return {
        name: (about.st_size, about.st_mtime_ns)
        for name, about in files_below(shared.path)
        if shared.is_shared(name) and is_in(name, parts)
    }


def sent(store: Any, shared: SharedFolder, name: str, opened: tuple[IO[bytes], int]) -> SharedFile:
    """The row of a file whose bytes are in the bucket now. A file that grows is sent as long as it was when opened."""
    with SpooledTemporaryFile(IN_MEMORY) as copy:
        digest, size = hashlib.sha256(), 0
        for piece in pieces(*opened, whole_lines=name.endswith(".jsonl")):
            copy.write(piece)
            digest.update(piece)
            size += len(piece)
        sha256 = digest.hexdigest()
        file = f"{SHARED}{shared.name}/{sha256}/{PurePosixPath(name).name}"
        copy.seek(0)
        store.write(file, copy)
    return SharedFile(folder=shared.name, name=name, file=file, sha256=sha256, size_bytes=size)


def pieces(file: IO[bytes], size: int, whole_lines: bool) -> Iterator[bytes]:
    if whole_lines:  # whoever goes on writes behind the last one
        yield b"".join(file.read(size).rpartition(b"\n")[:2])
        return
    while size > 0 and (piece := file.read(min(PIECE, size))):
        size -= len(piece)
        yield piece


def written(new: list[SharedFile], old: list[SharedFile], still_mine: Callable[[], bool]) -> bool:
    """Put the new rows in the place of the old ones, unless somebody else has the job by now."""
    with transaction.atomic():
        if not still_mine():
            return False
        SharedFile.objects.filter(pk__in=[row.pk for row in old]).delete()
        SharedFile.objects.bulk_create(new)
        now = timezone.now()
        ReplacedFile.objects.bulk_create(ReplacedFile(file=row.file, replaced_at=now) for row in old)
    return True


def clear_replaced() -> None:
    """Out of the bucket with what was replaced a while ago, of all folders. While the bucket is away it waits."""
    store, before = bucket(), timezone.now() - timedelta(seconds=KEEP_SECONDS)
    due = {row.file for row in ReplacedFile.objects.filter(replaced_at__lte=before)} if store else set()
    again = SharedFile.objects.filter(file__in=due).values_list("file", flat=True)
    try:
        for file in due - set(again):  # bytes may come back: a file that is what it was
            store.delete(file)
    except Exception as error:
        if not is_gone(error):
            raise
        return
    ReplacedFile.objects.filter(file__in=due, replaced_at__lte=before).delete()


def forget(shared: SharedFolder) -> None:
    written([], list(SharedFile.objects.filter(folder=shared.name)), lambda: True)
