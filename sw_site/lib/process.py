"""Processes that must not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys

import psutil

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
VARIABLE = "SW_DIE_WITH_PARENT"
READY = "SW_SAY_READY"
NEEDED = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"}
NEEDED_BEGINNINGS = ("LC_", "PYTHON", "OPENCV_", "OMP_", "CUDA", "NVIDIA_")


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Ask the kernel to send `signum` to this process when its parent ends, even by kill -9.

    Does nothing unless the parent asked for it (SW_DIE_WITH_PARENT holds its process id) or off Linux.
    """
    parent = os.environ.pop(VARIABLE, "")
    if parent:
        signal_with_parent(signum, int(parent))


def signal_with_parent(signum: int = signal.SIGTERM, parent: int | None = None) -> None:
    """The same for a process that was forked; `parent` is its process id where it may have ended already."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
    if parent is not None and os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), signum)


def say_ready() -> None:
    """Tell the process that started this one and waits for it (SW_SAY_READY is an open file) that it need not now."""
    if number := os.environ.pop(READY, ""):
        os.write(int(number), b"1")
        os.close(int(number))


def bare_environment() -> dict[str, str]:
    """What a program that reads strangers' files is started with: no password, key or address of this process."""
    own = {name: value for name, value in os.environ.items() if name in NEEDED or name.startswith(NEEDED_BEGINNINGS)}
    return {**own, VARIABLE: str(os.getpid())}


def take_little(cpu_hours: int = 24, memory_gb: int = 12, file_gb: int = 64) -> None:
    """Limits of such a program on itself, before it reads anything; never above those that hold already.

    `memory_gb` 0 is no limit: for one that may use a GPU, whose driver claims more addresses than there is memory.
    """
    wanted = {
        resource.RLIMIT_CPU: cpu_hours * 3600,
        resource.RLIMIT_DATA: memory_gb * 2**30 or sys.maxsize,
        resource.RLIMIT_FSIZE: file_gb * 2**30,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        _, most = resource.getrlimit(kind)
        to = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (to, to))


def me() -> str:
    """This process in a way that no other one shares, for `is_gone`: machine, number, and when it began."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"[-100:]


def is_gone(who: str) -> bool:
    """Has the process that `me` named ended? False where that cannot be known, because it is another machine's."""
    host, pid, began = (["", "", *who.rsplit(":", 2)])[-3:]
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != began
    except ValueError:
        return False
    except psutil.NoSuchProcess:
        return True
