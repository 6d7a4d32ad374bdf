"""Starting, stopping and reading an engine process. Plain Python: what a worker of the site uses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.engine import containment, parent
from training.engine.rundir import RunDirectory

ROOT = Path(__file__).resolve().parents[2]
DONE, CRASHED, CANCELLED, REFUSED = 0, 1, 3, 4


def start(
    run_dir: Path | str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts `train` on a run directory, or the command given instead (`"export", "--format", "onnx", ...`).

    `environment` is added to what `containment` leaves of this process's own, for example CUDA_VISIBLE_DEVICES.

    A process of its own gives memory and GPU back when it ends, can crash without taking the worker along, and is
    stopped by a signal; a session of its own, so that the signal reaches whatever it has started. It saves and stops by
    itself when the thread that called this ends, even by kill -9 (Linux).
    """
    run = RunDirectory(Path(run_dir).resolve())
    command, *options = arguments or ("train",)
    argv = [sys.executable, "-m", "training.engine", command, str(run.root), *options]
    whole_environment = containment.environment({**(environment or {}), parent.VARIABLE: str(os.getpid())})
    with run.log.open("ab") as log:
        return subprocess.Popen(
            argv,
            cwd=ROOT,
            env=whole_environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], grace: float = 20) -> int:
    """Asks the engine to save and stop, waits `grace` seconds, then kills it; returns its exit code."""
    if process.poll() is None:
        send(process, signal.SIGTERM)
        try:
            return process.wait(grace)
        except subprocess.TimeoutExpired:
            send(process, signal.SIGKILL)
    return process.wait()


def send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:  # it ended between the question and the signal
        return


def read_events(path: Path | str, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The events after byte `offset` and the offset to go on from.

    A last line without its end is left for the next call; a line that is not JSON (cut short by a killed process) is
    passed over. No file yet means no events.
    """
    try:
        with Path(path).open("rb") as file:
            file.seek(offset)
            whole, newline, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return [], offset
    return [event for line in whole.splitlines() if (event := parsed(line))], offset + len(whole) + len(newline)


def parsed(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
