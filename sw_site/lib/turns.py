"""Short transactions that many people make at once."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection


class Turns:
    """The threads of this process wait for each other, and the one whose turn it is for those of other processes."""

    def __init__(self) -> None:
        self.threads = threading.RLock()
        self.depth = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        with self.threads:
            if self.depth == 0:
                fcntl.flock(_file(os.getpid()), fcntl.LOCK_EX)
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1
                if self.depth == 0:
                    fcntl.flock(_file(os.getpid()), fcntl.LOCK_UN)


_turns = Turns()


@cache
def _file(process: int) -> IO[bytes]:
    """Opened by each process for itself: a lock belongs to the opening, and a fork would share it."""
    folder = Path(settings.RUNS_ROOT).parent / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "writing.lock").open("wb")


@contextmanager
def in_turn() -> Iterator[None]:
    """Around such a transaction, also as a decorator.

    SQLite takes one writer at a time and lets the others ask again after ever longer naps; here they queue instead, so
    that nobody naps while it is their turn.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _turns.taken():
        yield
