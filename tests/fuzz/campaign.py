"""Many inputs for one reader: a probe is started anew whenever it crashes or hangs, and goes on behind that input."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.probe import SECONDS

ROOT = Path(__file__).resolve().parents[2]
#: Seconds without a word after which a probe hangs; longer before its first input, while it imports.
SILENCE, START = 4 * SECONDS, 120
FINE = ("read", "refused")


@dataclass
class Report:
    """What became of a reader's inputs. `failures` are (number of the input, what went wrong)."""

    reader: str
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, outcome: str, codes: list[str]) -> None:
        self.inputs += 1
        self.codes.update(codes)
        self.outcomes[outcome if outcome in FINE else "failed"] += 1
        if outcome not in FINE:
            self.failures.append((number, outcome))


def run(reader: str, inputs: int, seed: int = 0) -> Report:
    """Ask a reader about `inputs` inputs."""
    report, start = Report(reader), 0
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        while start < inputs:
            start = _probe(report, seed, start, inputs, Path(folder) / "jail")
    return report


def _probe(report: Report, seed: int, start: int, stop: int, folder: Path) -> int:
    """One process; the number of the input to go on with."""
    numbers = map(str, (seed, start, stop))
    command = [sys.executable, "-m", "tests.fuzz.probe", report.reader, *numbers, str(folder)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT, env=environment
        ) as process,
    ):
        asked = _listen(report, process)
        process.kill()
        code = process.wait()
        if asked is None and report.inputs >= stop:
            return stop
        errors.seek(0)
        said = errors.read()[-3000:]
        if asked is None:
            raise RuntimeError(f"The probe of {report.reader} ended with code {code}:\n{said}")
        report.add(asked, f"{said}\nthe process {'hung' if code == -9 else f'died with code {code}'}", [])
        return asked + 1


def _listen(report: Report, process: subprocess.Popen[str]) -> int | None:
    """Notes what a probe says; the number of the input it fell silent at, None when it came to its end."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    asked, patience = None, START
    while True:
        try:
            line = lines.get(timeout=patience)
        except queue.Empty:
            return asked
        if not line:
            return asked
        said = json.loads(line)
        patience = SILENCE
        if "outcome" in said:
            report.add(said["number"], said["outcome"], said.get("codes", []))
            asked = None
        else:
            asked = said["number"]


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    process.wait()
    lines.put("")
