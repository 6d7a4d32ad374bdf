"""Detection by the engine's predictor beside the stock SavedModel of the same checkpoint.

    python -m benchmarks.engine.predictor [RUN_DIR] [--size 320] [--rounds 5] [--images 40]

The stock model is written by the API's own `exporter_lib_v2` and loaded by `tf.saved_model.load`, as its tutorial does
it. Every round starts one process a side, in turns: from starting the process to the first detection on a photograph
of 990 x 600 pixels, then one photograph at a time. Prints one JSON object. Goals: 0.3 s or less to the first detection,
0.45 or less of the stock time per image, 250 MB or less.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine.finished_run import ROOT, finished_run

GOALS = {"cold_start_seconds": 0.3, "ratio_per_image": 0.45, "memory_mb": 250}
WARM_UP = 5


def photograph() -> Any:
    """990 x 600 pixels of noise, uint8."""
    return np.random.default_rng(1).integers(0, 256, (600, 990, 3), np.uint8)


def load_engine(folder: Path) -> Callable[[Any], Any]:
    from training.engine.predictor import Predictor

    predictor = Predictor(folder)
    return lambda pixels: predictor.predict([pixels])


def load_stock(folder: Path) -> Callable[[Any], Any]:
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / "saved_model"))
    return lambda pixels: model(tf.constant(pixels[None]))["detection_boxes"].numpy()


LOADERS = {"engine": load_engine, "stock": load_stock}


def write_stock(run_dir: Path, output: Path) -> None:
    """The stock export of the run's last checkpoint, in this process."""
    from training.engine import compat

    compat.apply("tf2")
    from object_detection import exporter_lib_v2

    from training.engine import pipeline_config
    from training.engine.rundir import RunDirectory

    pipeline = pipeline_config.read(RunDirectory(run_dir))
    exporter_lib_v2.export_inference_graph("image_tensor", pipeline, str(run_dir / "checkpoints"), str(output))


def child(side: str, folder: Path, images: int) -> None:
    """Says when the first detection is there, then milliseconds per image and the most memory held, in MB."""
    detect, pixels = LOADERS[side](folder), photograph()
    detect(pixels)
    print("first", flush=True)
    for _ in range(WARM_UP):
        detect(pixels)
    taken = []
    for _ in range(images):
        started = time.perf_counter()
        detect(pixels)
        taken.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"milliseconds": statistics.median(taken) * 1000, "memory_mb": memory}))


def measure(side: str, folder: Path, images: int) -> dict[str, float]:
    """One process of one side."""
    argv = [sys.executable, "-m", "benchmarks.engine.predictor", str(folder), "--side", side, "--images", str(images)]
    started = time.perf_counter()
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "first"
        cold = time.perf_counter() - started
        return {"cold_start_seconds": cold, **json.loads(process.stdout.readline())}


def report(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Medians over the rounds; the ratio is the median of the rounds' own ratios."""

    def middle(side: str, name: str) -> float:
        return statistics.median(one[side][name] for one in rounds)

    sides = {
        side: {name: round(middle(side, name), 3) for name in ("cold_start_seconds", "milliseconds", "memory_mb")}
        for side in LOADERS
    }
    ratio = statistics.median(one["engine"]["milliseconds"] / one["stock"]["milliseconds"] for one in rounds)
    reached = {
        "cold_start_seconds": sides["engine"]["cold_start_seconds"],
        "ratio_per_image": round(ratio, 3),
        "memory_mb": sides["engine"]["memory_mb"],
    }
    met = {name: reached[name] <= goal for name, goal in GOALS.items()}
    return {"benchmark": "engine_predictor", **reached, "goals": GOALS, "met": met, **sides, "rounds": len(rounds)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the predictor beside the stock SavedModel.")
    parser.add_argument("run_dir", nargs="?", type=Path)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--side", choices=[*LOADERS, "write_stock"], help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side == "write_stock":
        write_stock(options.run_dir, options.output)
    elif options.side:
        child(options.side, options.run_dir, options.images)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run_dir = options.run_dir or finished_run(Path(folder) / "run", options.size)
        stock = Path(folder) / "stock"
        argv = [sys.executable, "-m", "benchmarks.engine.predictor", str(run_dir), "--side", "write_stock"]
        subprocess.run([*argv, "--output", str(stock)], cwd=ROOT, check=True, capture_output=True)
        places = {"engine": run_dir / "exports" / "onnx", "stock": stock}
        rounds = []
        for index in range(options.rounds):
            # Whoever goes first in one round goes last in the next.
            sides = sorted(places, reverse=bool(index % 2))
            rounds.append({side: measure(side, places[side], options.images) for side in sides})
        print(json.dumps(report(rounds), indent=1))


if __name__ == "__main__":
    main()
