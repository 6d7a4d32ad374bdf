"""How long an evaluation takes in the engine and in the API's own `model_lib_v2.eager_eval_loop`.

    python benchmarks/engine/evaluation.py [--images 1000] [--rounds 2] [--size 320] [--depth 0.35]

Both measure the same untrained model, which finds a hundred boxes everywhere, on the same records, each in a process of
its own; they take turns. The time runs from the call to its figures and includes tracing, reading and decoding, the
COCO figures, and the pictures for TensorBoard. `cpu` is what the process used of the processor meanwhile. Prints one
JSON object: `ratio` is engine / stock, by medians (goal 0.5 or less).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.training.engine.builders import make_dataset, make_request, make_run  # noqa: E402

PHOTO = (640, 480)


def timed(call: Callable[[], Any]) -> None:
    """Prints the (wall, processor) seconds of a call as JSON."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))


def engine(run_dir: Path) -> None:
    from training.engine import compat

    compat.apply()
    from training.engine import pipeline_config
    from training.engine.dataset import Dataset
    from training.engine.evaluation import Evaluator
    from training.engine.model import Detector, build_model
    from training.engine.request import RunRequest
    from training.engine.rundir import RunDirectory

    run = RunDirectory(run_dir)
    detector = Detector(build_model(pipeline_config.read(run)), RunRequest.load(run.request).model.input_size)
    evaluator = Evaluator(run, Dataset.load(run.dataset), detector)
    timed(lambda: evaluator.evaluate(1, lambda: None))


def stock(run_dir: Path) -> None:
    from training.engine import compat

    compat.apply()
    import tensorflow as tf
    from object_detection import inputs, model_lib_v2
    from object_detection.builders import model_builder
    from object_detection.utils import config_util

    configs = config_util.get_configs_from_pipeline_file(str(run_dir / "pipeline.config"))
    model = model_builder.build(configs["model"], is_training=True)
    images = inputs.eval_input(
        eval_config=configs["eval_config"],
        eval_input_config=configs["eval_input_config"],
        model_config=configs["model"],
        model=model,
    )
    step = tf.Variable(1, dtype=tf.int64)
    with tf.summary.create_file_writer(str(run_dir / "stock_eval")).as_default():
        timed(lambda: model_lib_v2.eager_eval_loop(model, configs, images, global_step=step))


SIDES: dict[str, Callable[[Path], None]] = {"engine": engine, "stock": stock}


def add_photos(dataset: dict[str, Any], folder: Path, count: int, split: str) -> None:
    """So many generated photographs more, each with one box."""
    noise = np.random.default_rng(1)
    for number in range(count):
        path = folder / f"{number}.jpg"
        small = noise.integers(0, 255, (PHOTO[1] // 16, PHOTO[0] // 16, 3), np.uint8)
        Image.fromarray(small).resize(PHOTO).save(path)
        box = {"class_id": number % 2 + 1, "xmin": 100.0, "ymin": 80.0, "xmax": 300.0, "ymax": 240.0}
        entry = {"id": 100 + number, "path": str(path), "file_name": path.name, "split": split, "boxes": [box]}
        dataset["images"].append({**entry, "width": PHOTO[0], "height": PHOTO[1]})


def prepare(folder: Path, images: int, size: int, depth: float) -> Path:
    """A run directory with its records, whose val split has so many photographs."""
    dataset = make_dataset(folder / "photos")
    settings = make_request(steps=1000)
    settings["model"] = {"depth_multiplier": depth, "input_size": size}
    add_photos(dataset, folder / "photos", images, "val")
    run_dir = make_run(folder / "run", settings, dataset)
    subprocess.run([sys.executable, "-m", "training.engine", "records", str(run_dir)], cwd=ROOT, check=True)
    return run_dir


def measure(side: str, run_dir: Path) -> list[float]:
    argv = [sys.executable, __file__, "--side", side, "--run-dir", str(run_dir)]
    with (run_dir / f"{side}.log").open("w") as log:
        done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def report(seconds: dict[str, list[list[float]]], images: int) -> dict[str, Any]:
    wall = {side: statistics.median(one[0] for one in seconds[side]) for side in SIDES}
    cpu = {side: statistics.median(one[1] for one in seconds[side]) for side in SIDES}
    return {
        "benchmark": "engine_evaluation",
        "ratio": round(wall["engine"] / wall["stock"], 3),
        "cpu_ratio": round(cpu["engine"] / cpu["stock"], 3),
        "seconds": {side: round(value, 2) for side, value in wall.items()},
        "cpu_seconds": {side: round(value, 2) for side, value in cpu.items()},
        "images": images,
        "rounds": len(seconds["engine"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--depth", type=float, default=0.35)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--run-dir", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        SIDES[options.side](options.run_dir)
        return
    with tempfile.TemporaryDirectory() as folder:
        run_dir = prepare(Path(folder), options.images, options.size, options.depth)
        seconds: dict[str, list[list[float]]] = {side: [] for side in SIDES}
        for index in range(options.rounds):
            for side in sorted(SIDES, reverse=bool(index % 2)):
                seconds[side].append(measure(side, run_dir))
        print(json.dumps(report(seconds, options.images + 2)))


if __name__ == "__main__":
    main()
