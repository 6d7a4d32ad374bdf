"""Every format of one SSD in one process: how long it takes together and each by itself, and what each loses.

    python -m benchmarks.engine.exports [RUN_DIR] [--size 320] [--formats saved_model onnx ...]

Without RUN_DIR a run is made and trained for one step, which is enough for the time; what a format loses is only worth
reading of a model that has learnt something. The seconds go from starting the process to its end, loading TensorFlow
and reading every file back included. Prints one JSON object; goal: 60 seconds or less together on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.engine.finished_run import ROOT, finished_run
from tests.training.engine.builders import events
from training.engine.architectures.preset import EXPORTS

GOAL = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the export of all formats.")
    parser.add_argument("run_dir", nargs="?", type=Path)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--formats", nargs="+", default=list(EXPORTS), choices=EXPORTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run_dir = options.run_dir or finished_run(Path(folder) / "run", options.size)
        print(json.dumps(measure(run_dir, Path(folder) / "out", options.formats), indent=1))


def measure(run_dir: Path, output: Path, formats: list[str]) -> dict[str, Any]:
    before = len(events(run_dir))
    argv = [sys.executable, "-m", "training.engine", "export", str(run_dir), "--output", str(output)]
    started = time.perf_counter()
    done = subprocess.run([*argv, "--format", *formats], cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    reported = [event for event in events(run_dir)[before:] if event["type"] == "export"]
    keep = ("seconds", "max_box_difference", "max_score_difference", "ap", "checkpoint_ap")
    return {
        "benchmark": "engine_exports",
        "seconds": round(seconds, 1),
        "goal": GOAL,
        "met": done.returncode == 0 and seconds <= GOAL,
        "exit_code": done.returncode,
        "formats": {event["format"]: {name: event[name] for name in keep} for event in reported},
        "bytes": {kind: size_of(output if len(formats) == 1 else output / kind) for kind in formats},
    }


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
