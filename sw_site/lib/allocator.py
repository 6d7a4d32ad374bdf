"""What the C library keeps of memory that is free again."""

from __future__ import annotations

import ctypes
import os
import threading
import time

#: Of <malloc.h>.
M_ARENA_MAX = -8
ARENAS = 1
#: Between two times that free memory is given back.
SECONDS = 10


def one_heap() -> None:
    """Let all threads take their memory from one heap, where glibc would give each of eight threads one of its own.

    Each heap keeps what one large page once took, and what lies between makes it grow: under load a web process with
    eight threads held half as much again, and still grew after an hour (docs/reliability.md); and of all heaps but the
    first `give_back` cannot free the end. Python's threads seldom ask at the same moment. MALLOC_ARENA_MAX in the
    environment goes first; other C libraries have no such heaps.

    To be called before threads are: heaps that there are already are given to new threads all the same.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError):
        return


def give_back() -> None:
    """To the system, what is free in all heaps now; glibc alone gives back the end of one."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def keep_giving_back(seconds: float = SECONDS) -> threading.Thread:
    """Do so again and again, beside everything else: a millisecond or two a time, and Python's lock is not held.

    What large pages took lies between what stays. After an hour under load half of a web process' heaps was free, and
    still they grew: what is free is used again from all over, so all of it is touched after a while.
    """

    def again() -> None:
        while True:
            time.sleep(seconds)
            give_back()

    thread = threading.Thread(target=again, name="gives memory back", daemon=True)
    thread.start()
    return thread
