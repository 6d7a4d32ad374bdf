"""Forks one child a file, a few at a time, and ends those that take too long."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.od_api.inventory import TestFile
from tests.od_api.outcome import Outcome

PAUSE = 0.05  # seconds between two looks at the children
Run = Callable[[TestFile], Outcome]


@dataclass(frozen=True)
class Child:
    pid: int
    file: TestFile
    answer: Path
    started: float


def run_all(files: list[TestFile], run: Run, folder: Path, jobs: int, patience: float) -> Iterator[Outcome]:
    """The outcome of each file as it ends. `folder` takes answers and logs, `patience` stretches the limits."""
    waiting, running = list(reversed(files)), list[Child]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(fork(waiting.pop(), run, folder))
            for child in list(running):
                outcome = look_at(child, child.file.limit * patience)
                if outcome:
                    running.remove(child)
                    yield outcome
            time.sleep(PAUSE)
    finally:  # interrupted: a child in a session of its own does not hear it
        for child in running:
            end(child)


def fork(file: TestFile, run: Run, folder: Path) -> Child:
    """Starts a child in a session of its own, so that what it starts can be ended with it."""
    name = file.path.replace("/", "_")
    answer = folder / f"{name}.json"
    pid = os.fork()
    if pid:
        return Child(pid, file, answer, time.monotonic())
    try:
        os.setsid()
        redirect(folder / f"{name}.log")
        os.chdir(folder)
        part = answer.with_suffix(".part")
        part.write_text(json.dumps(asdict(run(file))), encoding="utf-8")
        part.rename(answer)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def redirect(log: Path) -> None:
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(number, stream)


def look_at(child: Child, limit: float) -> Outcome | None:
    """The outcome if the child has ended or has to."""
    seconds = round(time.monotonic() - child.started, 1)
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    if pid:
        if child.answer.exists():
            return Outcome.from_json(json.loads(child.answer.read_text(encoding="utf-8")))
        log = child.answer.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
        return lost(child, "crash", f"ended with {os.waitstatus_to_exitcode(status)}\n{log[-2000:]}", seconds)
    if seconds <= limit:
        return None
    end(child)
    return lost(child, "timeout", f"took longer than {limit:.0f} s", seconds)


def end(child: Child) -> None:
    with contextlib.suppress(ProcessLookupError):  # not in its own session yet
        os.killpg(child.pid, signal.SIGKILL)
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)


def lost(child: Child, what: str, why: str, seconds: float) -> Outcome:
    return Outcome(child.file.mode, child.file.path, seconds=seconds, failures={what: why})
