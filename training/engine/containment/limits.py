"""What a process may use up before the system stops it."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

#: Above the site's own, so that pages stay quick while a model is trained on the same cores.
NICE = 10
AUTOGROUP = Path("/proc/self/autogroup")
CPU_HOURS = 5000  # of all cores together: a training of weeks
FILE_BYTES = 64 * 2**30
OPEN_FILES = 4096


def apply(memory_mb: int = 0) -> None:
    """`memory_mb` 0 is no limit: a GPU's driver claims far more addresses than there is memory."""
    lower(resource.RLIMIT_CPU, CPU_HOURS * 3600)
    lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    lower(resource.RLIMIT_CORE, 0)
    if memory_mb > 0:
        lower(resource.RLIMIT_DATA, memory_mb * 2**20)
    wait_for_others()


def wait_for_others() -> None:
    """After the site's own processes, by the niceness of the process and by that of its session.

    Linux shares processors between sessions first (man 7 sched, "the autogroup feature"): a process that is nice in a
    session of its own takes as much as all web processes in theirs. A session that somebody else began is left alone.
    """
    os.nice(max(0, NICE - os.nice(0)))
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # another system, or a kernel without it
            AUTOGROUP.write_text(str(NICE))


def lower(kind: int, to: int) -> None:
    """Never above what holds already."""
    _, most = resource.getrlimit(kind)
    value = to if most == resource.RLIM_INFINITY else min(to, most)
    resource.setrlimit(kind, (value, value))
