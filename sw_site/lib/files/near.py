"""Copies of a bucket's files on this machine's disk, for all that reads a path: engines, decoders, exports."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.utils._os import safe_join

#: Files used within so many seconds are never let go: somebody may be about to read them.
IN_USE = 6 * 3600
#: A file's last use is not written down more often than this.
SEEN_EVERY = 3600


class Near:
    """A folder that holds at most about `most` bytes; beyond it what was not used for longest goes.

    Files are written beside their place and renamed. Several processes and machines may share the folder.
    """

    def __init__(self, root: str | Path, most: int) -> None:
        self.root, self.most = Path(root), most
        self._since_tidied = most  # the first to come looks
        self._lock = threading.Lock()

    def place(self, name: str) -> Path:
        """Raises SuspiciousFileOperation for a name that leads out."""
        return Path(safe_join(self.root, name))

    def get(self, place: Path, fetch: Callable[[str], None]) -> Path:
        """The place, fetched first if it is not there. `fetch` writes a file; what it raises goes through."""
        try:
            if place.stat().st_mtime < time.time() - SEEN_EVERY:
                os.utime(place)
            return place
        except FileNotFoundError:
            pass
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            fetch(str(part))
            size = part.stat().st_size
            os.utime(part)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        self._count(size)
        return place

    def _count(self, size: int) -> None:
        with self._lock:
            self._since_tidied += size
            if self._since_tidied < self.most / 20:
                return
            self._since_tidied = 0
        self.tidy()

    def tidy(self) -> int:
        """Let go of what is too much; gives the bytes that went."""
        found = []
        for folder, _, names in os.walk(self.root):
            for name in names:
                with suppress(FileNotFoundError):
                    about = os.stat(path := os.path.join(folder, name))
                    found.append((about.st_mtime, about.st_size, path))
        too_much, gone = sum(size for _, size, _ in found) - self.most, 0
        for used, size, path in sorted(found):
            if gone >= too_much or used > time.time() - IN_USE:
                break
            with suppress(FileNotFoundError):
                os.unlink(path)
            gone += size
        return gone
