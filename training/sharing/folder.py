"""A folder of files that all machines of a site have, through its bucket.

Where the site has no bucket it is a folder and no more: machines see it by a disk they share. Where it has one, each
machine has a copy on its own disk, brought up to date before it is read or worked in, and sent after it was changed.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sw_site.lib.files.where import StoreGone, bucket, side_by_side
from training.sharing.notes import (
    NOTE,
    Notes,
    as_kept,
    files_below,
    is_as_kept,
    is_in,
    is_locked,
    locked,
    read_notes,
    write_notes,
)
from training.sharing.rows import SharedFile
from training.sharing.sending import forget, send

logger = logging.getLogger(__name__)
#: A file that was replaced while it was fetched is looked up again so often.
TRIES = 3
#: Of no use elsewhere, whatever the folder: half-written files, and this machine's own notes.
NEVER = (f"{NOTE}*", "*.part", "*.part/*", "*_temp*")


@dataclass(frozen=True)
class SharedFolder:
    """`name` is what all machines call it, `path` where it lies here, `private` patterns of what is not shared."""

    name: str
    path: Path
    private: tuple[str, ...] = ()

    def sizes(self, part: str = "") -> dict[str, int]:
        """Bytes by the name of each file, of all or below a part: as the bucket has it, else as it lies here."""
        if bucket():
            rows = SharedFile.objects.filter(folder=self.name).values_list("name", "size_bytes")
            if found := {name: size for name, size in rows if is_in(name, (part,))}:
                return found
        return {name: about.st_size for name, about in files_below(self.path, part) if self.is_shared(name)}

    def has(self, part: str) -> bool:
        """Is there a file of this name, or a folder with anything in it?"""
        return (self.path / part).exists() or bool(self.sizes(part))

    def is_shared(self, name: str) -> bool:
        return not any(fnmatchcase(name, pattern) for pattern in (*NEVER, *self.private))

    def place(self, part: str) -> Path:
        """Where a file or a folder of it lies here, brought first: while the bucket is away what is here is used.

        Raises StoreGone when that is not all of it.
        """
        try:
            self.bring(part)
        except StoreGone as error:
            if not all((self.path / name).exists() for name in self.sizes(part)):
                raise
            logger.warning("%s is used as it lies here: %s", self.name, error)
        return self.path / part

    def at_work(self) -> AbstractContextManager[None]:
        """While something works in the folder what lies here is newer than the bucket's, and nothing is brought."""
        return locked(self.name, "work", fcntl.LOCK_SH)

    def bring(self, *parts: str, exact: bool = False) -> None:
        """Make the copy here like the bucket's: what is named and all below it, or everything when nothing is.

        A copy that was changed since it was equal to what the bucket has now is newer, and stays. `exact`: what the
        bucket has not got goes, too. Raises StoreGone.
        """
        store = bucket()
        if store is None or self._is_busy() or not SharedFile.objects.filter(folder=self.name).exists():
            return
        with locked(self.name, "sync"):
            for _ in range(TRIES):
                if self._is_busy() or self._bring(store, parts, exact):
                    return

    def _is_busy(self) -> bool:
        return is_locked(self.name, "work")

    def _bring(self, store: Any, parts: tuple[str, ...], exact: bool) -> bool:
        """False when a file was replaced in the bucket before it was here."""
        rows = {row.name: row for row in SharedFile.objects.filter(folder=self.name)}
        notes = read_notes(self.path)
        is_newer = {name: kept.sha256 for name, kept in notes.items()} == {n: row.sha256 for n, row in rows.items()}
        wanted = [] if is_newer else [row for row in rows.values() if is_in(row.name, parts)]
        missing = [row for row in wanted if not self._is_equal(row, notes)]
        there = [row for row, came in side_by_side(lambda row: (row, self._fetch(store, row)), missing) if came]
        if exact and not is_newer:
            self._drop_others(rows, notes)
        if there or not is_newer:
            self.path.mkdir(parents=True, exist_ok=True)
            notes |= {row.name: as_kept(self.path / row.name, row.sha256) for row in there}
            write_notes(self.path, notes)
        return len(there) == len(missing)

    def _is_equal(self, row: SharedFile, notes: Notes) -> bool:
        kept = notes.get(row.name)
        return kept is not None and kept.sha256 == row.sha256 and is_as_kept(self.path / row.name, kept)

    def _fetch(self, store: Any, row: SharedFile) -> bool:
        target = self.path / row.name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            store.fetch(row.file, part)
            part.replace(target)
        except FileNotFoundError:
            return False
        finally:
            part.unlink(missing_ok=True)
        return True

    def _drop_others(self, rows: dict[str, SharedFile], notes: Notes) -> None:
        """What another machine has taken away since, such as checkpoints of which newer ones are there."""
        for name, _ in list(files_below(self.path)):
            if name not in rows and self.is_shared(name):
                (self.path / name).unlink(missing_ok=True)
        for name in notes.keys() - rows.keys():
            del notes[name]

    def let_go(self, names: Iterable[str]) -> None:
        """Take these files away here. What the bucket has of them is fetched again when somebody wants it."""
        with locked(self.name, "sync"):
            notes = read_notes(self.path)
            for name in names:
                (self.path / name).unlink(missing_ok=True)
                notes.pop(name, None)
            if notes:
                write_notes(self.path, notes)

    def send(self, *parts: str, still_mine: Callable[[], bool] = lambda: True) -> int:
        """Make the bucket's like the copy here, for what is named and all below it; the number of files sent.

        The first time all of the folder is sent, so that the bucket never has half of one. Nothing changes in the
        bucket when `still_mine` says no in the end. Raises StoreGone.
        """
        return send(self, parts, still_mine)

    def forget(self) -> None:
        """Take all of it out of the bucket."""
        forget(self)
