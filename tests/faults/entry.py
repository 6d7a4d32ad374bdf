"""The site's own processes: `python -m tests.faults.entry supervise|web|worker`.

As `manage.py serve` runs them, but for an engine that takes steps without TensorFlow and a clock that a file moves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

ME = "tests.faults.entry"


def move_clock() -> None:
    """All of Django asks `timezone.now`; the file FAULTS_CLOCK holds the hours that this machine is ahead."""
    from django.utils import timezone

    file, true_now = Path(os.environ["FAULTS_CLOCK"]), timezone.now

    def moved() -> datetime:
        try:
            ahead = float(file.read_text() or 0)
        except (OSError, ValueError):
            ahead = 0.0
        return true_now() + timedelta(hours=ahead)

    timezone.now = moved


def stand_in_engine() -> None:
    from training.engine import parent, runner

    def start(run_dir, *arguments, environment=None, **other):
        command, *options = arguments or ("train",)
        folder = Path(run_dir).resolve()
        with (folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.engine", command, str(folder), *options],
                env={**os.environ, **(environment or {}), parent.VARIABLE: str(os.getpid())},
                cwd=runner.ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    runner.start = start


def main(kind: str) -> int:
    if kind == "supervise":
        from sw_site.supervisor import Supervisor

        own = [sys.executable, "-m", ME]
        commands = {"web": [*own, "web"], "worker": [*own, "worker"], "second worker": [*own, "worker"]}
        return Supervisor(commands, say=lambda line: print(line, flush=True)).run()
    move_clock()
    stand_in_engine()
    if kind == "web":
        from gunicorn.app.wsgiapp import run

        sys.argv = ["gunicorn", "--config", "python:sw_site.gunicorn_config"]
        return run()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "worker", "--queues", "default,gpu", "--interval", "0.1"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
