"""An engine must not outlive the worker that started it: nobody would read its events, and a second one would be
started beside it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
VARIABLE = "ENGINE_PARENT"


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Asks the kernel to send `signum` to this process when the one that started it ends, even by kill -9.

    With SIGTERM, what was learnt is saved first. Does nothing unless the parent asked for it (ENGINE_PARENT holds its
    process id) or off Linux.
    """
    parent = os.environ.pop(VARIABLE, "")
    if not parent or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != int(parent):  # it ended before we could ask
        os.kill(os.getpid(), signum)
