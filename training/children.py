"""An engine process for as long as a job needs it, and never a second one on the same run directory."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.conf import settings

from training.engine import containment, runner

logger = logging.getLogger(__name__)
ORPHAN_GRACE_SECONDS = 20


@contextmanager
def engine_child(
    directory: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Starts the engine on a run directory; whatever ends the block, the process has ended after it.

    A worker that was killed leaves its child running, in a session of its own. The child's number is kept in
    `engine.pid`, so that the next attempt stops it first instead of training beside it.
    """
    note = directory / "engine.pid"
    stop_orphan(note)
    process = runner.start(directory, *arguments, environment={**(environment or {}), containment.HIDE: hidden_files()})
    note.write_text(json.dumps({"host": socket.gethostname(), "pid": process.pid}))
    try:
        yield process
    finally:
        runner.stop(process)
        if pid_of(note) == process.pid:
            note.unlink(missing_ok=True)


def hidden_files() -> str:
    """What an engine shall not even read: whoever has these has the site."""
    database = settings.DATABASES["default"]
    names = [Path(settings.DATA_DIR) / "secret_key"]
    if database["ENGINE"].endswith("sqlite3"):
        names += [Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm")]
    return ":".join(map(str, names))


def stop_orphan(note: Path) -> None:
    """Ends the engine an earlier worker of this machine left behind; it saves a checkpoint when it can."""
    pid = pid_of(note)
    if pid is None:
        return
    try:
        process = psutil.Process(pid)
        # The number may belong to somebody else by now: only a process that names this directory is ours.
        if str(note.parent.resolve()) not in process.cmdline():
            return
        logger.warning("Stopping engine process %s, which an earlier worker left behind", pid)
        os.killpg(pid, signal.SIGTERM)
        process.wait(ORPHAN_GRACE_SECONDS)
    except psutil.TimeoutExpired:
        os.killpg(pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
        return


def pid_of(note: Path) -> int | None:
    """The process number kept in `engine.pid`, if it is one of this machine."""
    try:
        kept = json.loads(note.read_text())
        return int(kept["pid"]) if kept["host"] == socket.gethostname() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
