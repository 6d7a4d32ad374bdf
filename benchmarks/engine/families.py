"""Every family of the model zoo through the engine's own command line: builds, trains two steps, exports.

    python -m benchmarks.engine.families [NAME ...] [--size 0] [--json FILE] [--formats saved_model ...]

Each preset gets a run directory of its own with seven generated photographs, is trained for two steps at a batch of 1
and exported in every format that it names. Prints a table in Markdown as it goes: seconds of the two steps (the first
includes nothing but itself, the graph is traced before), the largest memory of the training process, and for every
format the largest differences of boxes and scores from the checkpoint, or why there is none. `--size 0` takes the
smallest input the preset allows, at least 128 pixels. Alone on a machine: some of them take 10 GB at their own size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.training.engine.builders import events, make_run
from training.engine.architectures.preset import EXPORTS, Preset
from training.engine.architectures.presets import PRESETS, preset

ROOT = Path(__file__).resolve().parents[2]
STEPS = 2
LEAST_SIZE = 128


@dataclass
class Row:
    """What was measured of one preset; seconds, MiB, and differences as parts of the image and of a score."""

    name: str
    size: int
    built: bool = False
    seconds_per_step: float = 0.0
    seconds: float = 0.0
    memory_mb: int = 0
    losses: list[float] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)
    error: str = ""


def main() -> None:
    options = parse()
    rows = []
    print("| preset | input | trains | s/step | s in all | MiB | " + " | ".join(options.formats) + " |")
    print("|" + "---|" * (6 + len(options.formats)), flush=True)
    for chosen in options.presets:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(preset(chosen), Path(folder) / "run", options.size, options.formats)
        print(markdown(row, options.formats), flush=True)
        rows.append(asdict(row))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains and exports every family of the zoo.")
    parser.add_argument("presets", nargs="*", default=list(PRESETS), metavar="NAME")
    parser.add_argument("--size", type=int, default=0, help="input in pixels; 0 for the smallest")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--formats", nargs="*", default=list(EXPORTS), choices=EXPORTS)
    return parser.parse_args()


def measure(chosen: Preset, run_dir: Path, size: int, formats: list[str]) -> Row:
    size = size or smallest(chosen)
    row = Row(chosen.name, size)
    make_run(run_dir, request_of(chosen, size))
    return trained(row, run_dir, [kind for kind in formats if kind in chosen.exports])


def trained(row: Row, run_dir: Path, formats: list[str]) -> Row:
    """The row of a run directory that is ready, after its training and its exports."""
    started = time.perf_counter()
    code, row.memory_mb = engine("train", str(run_dir))
    row.seconds = round(time.perf_counter() - started, 1)
    steps = events(run_dir, "step")
    row.built = code == 0 and len(steps) == STEPS
    row.losses = [round(step["loss"]["total"], 3) for step in steps]
    if steps:
        row.seconds_per_step = round(1 / steps[-1]["steps_per_second"], 2)
    if not row.built:
        row.error = problem(run_dir)
        return row
    export(run_dir, formats, row)
    return row


def smallest(chosen: Preset) -> int:
    least = max(LEAST_SIZE, chosen.input_sizes[0])
    return -(-least // chosen.input_stride) * chosen.input_stride


def request_of(chosen: Preset, size: int) -> dict[str, Any]:
    train = {"steps": STEPS, "batch_size": 1, "learning_rate": 1e-4, "log_every": 1, "warmup_steps": 0}
    train |= {"evaluate_every": STEPS, "checkpoint_every": STEPS, "augmentation": "flip"}
    return {"format": 1, "model": {"architecture": chosen.name, "input_size": size}, "train": train}


def export(run_dir: Path, formats: list[str], row: Row) -> None:
    """All formats in one process; what fails is noted, and the rest goes on in another."""
    waiting = list(formats)
    while waiting:
        before = len(events(run_dir))
        code, _ = engine("export", str(run_dir), "--format", *waiting, "--output", str(run_dir / "out"))
        done = [event for event in events(run_dir)[before:] if event["type"] == "export"]
        for event in done:
            row.exports[event["format"]] = f"{event['max_box_difference']:.0e} {event['max_score_difference']:.0e}"
        waiting = [kind for kind in waiting if kind not in row.exports]
        if waiting and code != 0:
            row.exports[waiting.pop(0)] = problem(run_dir)


def engine(*arguments: str) -> tuple[int, int]:
    """Runs one command of the engine; gives its exit code and the most memory it held, in MiB."""
    run_dir = Path(arguments[1])
    with (run_dir / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "training.engine", *arguments], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024


def problem(run_dir: Path) -> str:
    """The last error of a run, with the last line of its log where the engine itself knew no better."""
    errors = events(run_dir, "error")
    said = errors[-1]["message"] if errors else "stopped without a word"
    log = [line for line in (run_dir / "log.txt").read_text(errors="replace").splitlines() if line.strip()]
    return said if "see the log" not in said or not log else f"{said} {log[-1][:300]}"


def markdown(row: Row, formats: list[str]) -> str:
    cells = [row.name, str(row.size), "yes" if row.built else f"no: {row.error}"]
    cells += [f"{row.seconds_per_step:g}", f"{row.seconds:g}", str(row.memory_mb)]
    cells += [row.exports.get(kind, "–") for kind in formats]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
