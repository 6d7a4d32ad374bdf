"""How long it takes from starting the engine to its tenth training step, beside the API's own loop.

    python benchmarks/engine/launch.py [--rounds 3] [--size 320] [--depth 0.35] [--batch 8]

Each side is a process of its own on the same records; they take turns. The stock loop is started in the way that is
quickest for it to ten steps: `single` calls its compiled function once a step, `ten` once for all ten, which it
compiles twice. Seconds are of the wall clock; `cpu` is what the process used of the processor, which is steadier on a
machine that is shared. Prints one JSON object: `ratio` is engine / ten, by medians (goal 0.65 or less).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.engine.stock import train_loop  # noqa: E402
from tests.training.engine.builders import make_request, make_run  # noqa: E402

STEPS = 10
SIDES = ("engine", "single", "ten")


def stock(run_dir: Path, steps_per_call: int) -> None:
    """The child's side: trains with the API's loop and ends with the tenth step."""

    def leave(readings: int) -> None:
        if readings == 2 * STEPS // steps_per_call - 1:
            print("tenth", flush=True)
            os._exit(0)

    train_loop(run_dir, steps_per_call, leave)


def launch(side: str, run_dir: Path) -> tuple[float, float]:
    """(wall, processor) seconds from the start of a process to its tenth step."""
    argv = [sys.executable, "-m", "training.engine", "train", str(run_dir)]
    if side != "engine":
        argv = [sys.executable, __file__, "--side", side, "--run-dir", str(run_dir)]
    clear(run_dir)
    started = time.perf_counter()
    with (run_dir / f"{side}.log").open("w") as log:
        child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    wait_for_tenth(side, run_dir, child)
    wall = time.perf_counter() - started
    child.send_signal(signal.SIGKILL)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    return wall, used.ru_utime + used.ru_stime


def clear(run_dir: Path) -> None:
    """Forgets what an earlier launch has left."""
    for name in ("checkpoints", "stock"):
        shutil.rmtree(run_dir / name, ignore_errors=True)
    (run_dir / "events.jsonl").unlink(missing_ok=True)


def wait_for_tenth(side: str, run_dir: Path, child: subprocess.Popen[str]) -> None:
    from training.engine import runner

    if side != "engine":
        if child.stdout is None or child.stdout.readline() != "tenth\n":
            raise RuntimeError(f"the stock loop ended early; see {run_dir / side}.log")
        return
    offset = 0
    while child.poll() is None:
        found, offset = runner.read_events(run_dir / "events.jsonl", offset)
        if any(event["type"] == "step" for event in found):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the engine ended early; see {run_dir / 'events.jsonl'}")


def report(seconds: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    wall = {side: statistics.median(wall for wall, _ in seconds[side]) for side in SIDES}
    cpu = {side: statistics.median(cpu for _, cpu in seconds[side]) for side in SIDES}
    return {
        "benchmark": "engine_launch",
        "ratio": round(wall["engine"] / wall["ten"], 3),
        "ratio_to_single": round(wall["engine"] / wall["single"], 3),
        "cpu_ratio": round(cpu["engine"] / cpu["ten"], 3),
        "cpu_ratio_to_single": round(cpu["engine"] / cpu["single"], 3),
        "seconds": {side: round(value, 2) for side, value in wall.items()},
        "cpu_seconds": {side: round(value, 2) for side, value in cpu.items()},
        "rounds": len(seconds["engine"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--depth", type=float, default=0.35)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", choices=SIDES[1:], help=argparse.SUPPRESS)
    parser.add_argument("--run-dir", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        stock(options.run_dir, STEPS if options.side == "ten" else 1)
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = make_request(
            steps=1000, batch_size=options.batch, evaluate_every=1000, checkpoint_every=1000, log_every=STEPS
        )
        settings["model"] = {"depth_multiplier": options.depth, "input_size": options.size}
        run_dir = make_run(Path(folder) / "run", settings)
        subprocess.run([sys.executable, "-m", "training.engine", "records", str(run_dir)], cwd=ROOT, check=True)
        seconds: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        for index in range(options.rounds):
            for side in sorted(SIDES, reverse=bool(index % 2)):
                seconds[side].append(launch(side, run_dir))
        print(json.dumps(report(seconds)))


if __name__ == "__main__":
    main()
