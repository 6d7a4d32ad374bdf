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
from sw_site.lib.allocator import one_heap

if sys.argv[1] == "one":
    one_heap()
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

# What stays lies at the end: without being asked glibc gives none of the rest back.
TRIM = """
import ctypes, sys, time
from pathlib import Path
from sw_site.lib import allocator

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20

allocator.one_heap()
chunks = [libc.malloc(60_000) for _ in range(1000)]
for chunk in chunks:
    libc.memset(chunk, 1, 60_000)
for chunk in chunks[:-1]:
    libc.free(chunk)
full = held()
if sys.argv[1] == "again":
    allocator.keep_giving_back(0.05)
until = time.monotonic() + float(sys.argv[2])
while held() > full - 50 and time.monotonic() < until:
    time.sleep(0.05)
print(full - held())
"""


def heaps(how: str, **environment: str) -> int:
    own = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    argv = [sys.executable, "-c", COUNT, how]
    told = subprocess.run(argv, env={**own, **environment}, capture_output=True, text=True, check=True).stdout
    return len(re.findall(r"<heap nr=", told))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc, which has no such heaps")
def test_eight_threads_share_a_heap_unless_somebody_says_otherwise():
    assert heaps("one") == 1 < heaps("as it is")
    assert heaps("one", MALLOC_ARENA_MAX="3") == 3


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc, which keeps other things")
def test_what_is_free_is_given_back_in_time():
    given = {
        how: int(subprocess.check_output([sys.executable, "-c", TRIM, how, str(seconds)], text=True))
        for how, seconds in (("never", 0.5), ("again", 20))
    }
    assert given["again"] > 50 and given["never"] < 5
