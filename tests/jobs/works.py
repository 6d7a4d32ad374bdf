"""What the jobs of the suite do. Its worker processes import this module by name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from sw_site.jobs.context import JobContext
from sw_site.jobs.hosts import here
from training.devices import Device, waited_for

STAND_IN = Path(__file__).resolve().parents[1] / "fakes" / "engine.py"


def add_up(context: JobContext, numbers: list[int]) -> dict[str, int]:
    for done, number in enumerate(numbers, start=1):
        context.log(f"line {number}")
        context.step(done, len(numbers), f"added {number}")
    return {"sum": sum(numbers)}


def note(context: JobContext, file: str, word: str, seconds: float = 0.0) -> None:
    """Leave a line that says that this ran: for order, and to count how often."""
    with Path(file).open("a") as out:
        out.write(f"{word}\n")
    time.sleep(seconds)


def wait_for_file(context: JobContext, file: str) -> dict[str, int]:
    """Run until the file is there."""
    while not Path(file).exists():
        context.step(0.5, 1, "half way")
        time.sleep(0.05)
    return {"pid": os.getpid(), "attempt": context.job.attempt}


def in_processes(context: JobContext, numbers: list[int]) -> dict[str, list[int]]:
    """As the jobs do that read many pictures."""
    with ProcessPoolExecutor(2) as pool:
        return {"sizes": list(pool.map(abs, numbers))}


def hold_gpu(context: JobContext, file: str, seconds: float) -> None:
    """Hold the only GPU; lines "in" and "out" tell when."""
    with waited_for([Device(0, "the only one")], context):
        for word in ("in", "out"):
            with Path(file).open("a") as out:
                out.write(f"{word}\n")
            time.sleep(seconds if word == "in" else 0)


def wait_with_clock(context: JobContext, file: str, clock: str) -> dict[str, int]:
    """`wait_for_file`, while the clock of this process is ahead by as many hours as `clock` says."""
    true_now = timezone.now

    def moved() -> datetime:
        return true_now() + timedelta(hours=float(Path(clock).read_text() or 0))

    timezone.now = moved
    try:
        return wait_for_file(context, file)
    finally:
        timezone.now = true_now


def train_by_stand_in(context: JobContext, run_id: int) -> dict[str, Any] | None:
    """The job of a training as it is, with the engine's stand-in; each start leaves a line with the machine's name."""
    from training import jobs
    from training.engine import runner

    def start(directory: Path, *arguments: str, environment: Any = None) -> subprocess.Popen[bytes]:
        with (directory / "starts").open("a") as out:
            out.write(f"{here()}\n")
        command, *options = arguments or ("train",)
        argv = [sys.executable, str(STAND_IN), command, str(directory.resolve()), *options]
        with (directory / "log.txt").open("ab") as log:
            return subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    runner.start = start  # type: ignore[assignment]
    return jobs.train(context, run_id)
