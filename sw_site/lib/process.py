"""Processes that must not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

import psutil

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
VARIABLE = "SW_DIE_WITH_PARENT"


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
