"""Heaps of the C library, counted as it counts them itself."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

COUNT = """
import ctypes, sys, threading
from sw_site.lib.allocator import few_arenas

if sys.argv[1] == "few":
    few_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(8)

def take():
    together.wait()
    libc.malloc(5000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
[each.start() for each in threads]
[each.join() for each in threads]
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how: str, **environment: str) -> int:
    own = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    argv = [sys.executable, "-c", COUNT, how]
    told = subprocess.run(argv, env={**own, **environment}, capture_output=True, text=True, check=True).stdout
    return len(re.findall(r"<heap nr=", told))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc, which has no such heaps")
def test_eight_threads_share_two_heaps_unless_somebody_says_otherwise():
    assert heaps("few") == 2 < heaps("as it is")
    assert heaps("few", MALLOC_ARENA_MAX="3") == 3
