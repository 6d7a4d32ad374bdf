"""Short transactions that many people make at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_writing = threading.RLock()


@contextmanager
def in_turn() -> Iterator[None]:
    """Around such a transaction, also as a decorator.

    SQLite takes one writer at a time and lets the others ask again after ever longer naps; the threads of one process
    queue here instead, so that nobody naps while it is their turn.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _writing:
        yield
