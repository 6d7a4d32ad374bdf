"""`manage.py engine_check`: proves that this machine can train, evaluate, export and detect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import CommandError

from sw_site.lib.commands import SiteCommand
from training.engine import parent
from training.engine.runner import ROOT
from training.engine.selfcheck.findings import FAILED, WARNING, Finding, parsed

LIMIT = 600  # seconds; a machine that is fit needs less than a fifth of it
MODULE = "training.engine.selfcheck"
LAST_LINES = 3


class Command(SiteCommand):
    help = "Prove that this machine can train: versions, GPU, a tiny training, its export, detection."
    changes = False

    def handle(self, *args: Any, **options: Any) -> None:
        self.failed = 0
        super().handle(*args, **options)
        if self.failed:
            raise CommandError(f"This machine is not ready: {self.failed} checks failed.")

    def run(self, **options: Any) -> dict[str, Any]:
        found = []
        for finding in findings():
            found.append(finding)
            if not options["json"]:
                self.stdout.write(f"{finding.state:8} {finding.sentence}")
        self.failed = sum(finding.state == FAILED for finding in found)
        return {"ok": not self.failed, "findings": [asdict(finding) for finding in found]}

    def describe(self, result: dict[str, Any]) -> None:
        warnings = sum(finding["state"] == WARNING for finding in result["findings"])
        if result["ok"]:
            self.stdout.write(f"This machine is ready{f', with {warnings} warnings' if warnings else ''}.")


def findings() -> Iterator[Finding]:
    """What the child found, line by line, and whether it got to its end."""
    runs = Path(settings.RUNS_ROOT)
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runs, prefix=".check-") as folder, tempfile.TemporaryFile("w+") as log:
        argv = [sys.executable, "-m", MODULE, folder]
        with child(argv, log) as process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                finding = parsed(line)
                if finding:
                    yield finding
        if process.returncode not in (0, 1):
            yield Finding("check", FAILED, f"The check ended early (exit code {process.returncode}): {last_words(log)}")


@contextmanager
def child(argv: list[str], log: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own that is ended with everything it started, at the latest after `LIMIT`."""
    process = subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, parent.VARIABLE: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    alarm = threading.Timer(LIMIT, end, [process])
    alarm.daemon = True
    alarm.start()
    try:
        yield process
        process.wait()
    finally:
        alarm.cancel()
        end(process)
        process.wait()


def end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def last_words(log: IO[str]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read().splitlines() if line.strip()]
    return " / ".join(lines[-LAST_LINES:]) or "it said nothing."
