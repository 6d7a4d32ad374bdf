"""What the C library keeps of memory that is free again."""

from __future__ import annotations

import ctypes
import os

#: Of <malloc.h>.
M_ARENA_MAX = -8
ARENAS = 2


def few_arenas() -> None:
    """Let all threads take their memory from two heaps, where glibc would give each of eight threads one or more.

    Each heap keeps what one large page once took, and what lies between makes it grow: under load a web process with
    eight threads held half as much again, and still grew after an hour (docs/reliability.md). Python's threads seldom
    ask at the same moment. MALLOC_ARENA_MAX in the environment goes first; other C libraries have no such heaps.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError):
        return
