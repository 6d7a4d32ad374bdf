"""The folder of backups: objects by their hash, and snapshots that name them."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sw_site.lib.errors import UserError

FORMAT = 1
AT_ONCE = 1024 * 1024
MARK = "sw_site-backup.json"


class Damaged(UserError):
    """An object or snapshot is not what was written. Nothing can be restored from it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "backup_damaged",
            f"The backup is damaged: {what}. Nothing was changed. Use an older snapshot (manage.py backup --list), "
            "or another copy of the folder.",
        )


@dataclass(frozen=True)
class Kept:
    """A file of a snapshot."""

    place: str
    path: str
    size: int
    mtime: int
    mode: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """What was kept at one moment. `database`: kind, object, size, counts (rows by table), migrations ([app, name])."""

    name: str
    made_at: str
    release: str
    database: dict[str, Any]
    files: list[Kept]

    @property
    def objects(self) -> dict[str, int]:
        """Sizes by hash of all it needs."""
        return {self.database["object"]: self.database["size"], **{file.sha256: file.size for file in self.files}}

    @property
    def size(self) -> int:
        return self.database["size"] + sum(file.size for file in self.files)

    def to_json(self) -> bytes:
        values = {"format": FORMAT, "made_at": self.made_at, "release": self.release, "database": self.database}
        rows = [[f.place, f.path, f.size, f.mtime, f.mode, f.sha256] for f in self.files]
        return json.dumps({**values, "files": rows}).encode()


@dataclass(frozen=True)
class Repository:
    folder: Path

    @classmethod
    def open(cls, folder: Path) -> Repository:
        """Raises UserError: there is no backup, or one of a format this release does not know."""
        try:
            about = json.loads((folder / MARK).read_bytes())
        except FileNotFoundError:
            raise UserError(
                "no_backup", f"There is no backup in {folder}. Name the folder that was backed up to."
            ) from None
        except ValueError:
            raise Damaged(f"{folder / MARK} cannot be read") from None
        if about.get("format") != FORMAT:
            raise UserError(
                "backup_of_other_release",
                f"The backup in {folder} has format {about.get('format')}, and this release knows format {FORMAT}. "
                "Restore it with the release that made it.",
            )
        return cls(folder)

    @classmethod
    def make(cls, folder: Path) -> Repository:
        """The repository in this folder, begun if the folder is empty or absent."""
        if (folder / MARK).exists():
            return cls.open(folder)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError("not_a_backup_folder", f"{folder} holds other files. Name an empty folder, or a new one.")
        for name in ("objects", "snapshots"):
            (folder / name).mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)  # it holds the secret key and everything people uploaded
        (folder / MARK).write_text(json.dumps({"format": FORMAT, "about": "backups of sw_site; do not edit"}))
        return cls(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with (self.folder / MARK).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    "backup_is_running", f"Another backup to {self.folder} is running. Wait for its end."
                ) from None
            self._clear_leftovers()
            yield

    def _clear_leftovers(self) -> None:
        """Take away what a backup that was killed had half written."""
        for path in (*self.folder.glob("objects/*.part"), *self.folder.glob("snapshots/*.part")):
            path.unlink()
        for folder in self.folder.glob("database-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def path(self, sha256: str) -> Path:
        return self.folder / "objects" / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def add(self, reading: IO[bytes]) -> tuple[str, int, bool]:
        """Keep what the file holds now: (SHA-256, size in bytes, whether it was new)."""
        part = self.folder / "objects" / f"{os.getpid()}.part"
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as writing:
                while piece := reading.read(AT_ONCE):
                    digest.update(piece)
                    size += writing.write(piece)
            name = digest.hexdigest()
            if self.has(name, size):
                return name, size, False
            self.path(name).parent.mkdir(exist_ok=True)
            part.replace(self.path(name))
            return name, size, True
        finally:
            part.unlink(missing_ok=True)

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """The bytes of an object. Raises Damaged at the end when they are not those of its name."""
        digest = hashlib.sha256()
        try:
            with self.path(sha256).open("rb") as file:
                while piece := file.read(AT_ONCE):
                    digest.update(piece)
                    yield piece
        except FileNotFoundError:
            raise Damaged(f"object {sha256} is missing") from None
        if digest.hexdigest() != sha256:
            raise Damaged(f"object {sha256} has other bytes")

    def write(self, snapshot: Snapshot) -> Snapshot:
        """Put the snapshot in its place, after everything it names is on the disk."""
        data = snapshot.to_json()
        name = f"{snapshot.name}-{hashlib.sha256(data).hexdigest()[:16]}"
        os.sync()
        target = self.folder / "snapshots" / f"{name}.json.gz"
        part = target.with_name(f"{target.name}.part")
        with part.open("wb") as file:
            file.write(gzip.compress(data, 6, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        return Snapshot(name, snapshot.made_at, snapshot.release, snapshot.database, snapshot.files)

    def names(self) -> list[str]:
        """Snapshots, the newest first."""
        found = (self.folder / "snapshots").glob("*.json.gz")
        return sorted((path.name.removesuffix(".json.gz") for path in found), reverse=True)

    def read(self, name: str = "") -> Snapshot:
        """A snapshot by its name or the beginning of it; the newest one without."""
        wanted = [each for each in self.names() if each.startswith(name)]
        if not wanted:
            known = ", ".join(self.names()[:5]) or "none"
            raise UserError("no_such_snapshot", f"There is no snapshot “{name}” in {self.folder}. There are: {known}.")
        return self._read(wanted[0])

    def _read(self, name: str) -> Snapshot:
        file = self.folder / "snapshots" / f"{name}.json.gz"
        try:
            data = gzip.decompress(file.read_bytes())
        except (OSError, EOFError, ValueError) as error:
            raise Damaged(f"{file.name} cannot be read ({error})") from error
        if hashlib.sha256(data).hexdigest()[:16] != name.rpartition("-")[2]:
            raise Damaged(f"{file.name} has other bytes")
        values = json.loads(data)
        if values["format"] != FORMAT:
            raise UserError("backup_of_other_release", f"{file.name} has format {values['format']}, not {FORMAT}.")
        files = [Kept(*row) for row in values["files"]]
        return Snapshot(name, values["made_at"], values["release"], values["database"], files)

    def read_whole(self, sha256: str) -> None:
        """Raises Damaged when the object is missing or not what was written."""
        for _ in self.pieces(sha256):
            pass

    def forget(self, keep: int) -> int:
        """Drop all but the newest snapshots, and the objects only they named; the bytes that were freed."""
        names = self.names()
        needed: set[str] = set()
        for name in names[:keep]:
            needed |= self._read(name).objects.keys()
        for name in names[keep:]:
            (self.folder / "snapshots" / f"{name}.json.gz").unlink()
        freed = 0
        for path in (self.folder / "objects").glob("*/*"):
            if path.name not in needed:
                freed += path.stat().st_size
                path.unlink()
        return freed
