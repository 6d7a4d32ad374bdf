"""Training and detecting on a GPU, in the precisions it has, beside the same machine's processors.

    python -m benchmarks.engine.gpu [NAME:SIZE:BATCH ...] [--steps 150] [--precisions float32 mixed_bfloat16]

Each detector gets a run directory of 160 generated photographs of 960 x 720 pixels and is trained through the engine's
own command line, once a precision, with events and the final evaluation and ONNX export. Steps/s is the median over
the events after the first third; the use of the GPU is what `nvidia-smi` says meanwhile. The first detector's ONNX
export is then asked for detections by each of onnxruntime's providers: milliseconds a photograph, alone and in eights.
Prints one JSON object a measurement. Without a GPU it says so and ends with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.engine.families import ROOT, engine, problem
from tests.training.engine.builders import CLASSES, events, make_run

DETECTORS = ["ssd_mobilenet_v2_fpn_keras:320:32", "ssd_resnet50_v1_fpn_keras:640:16"]
IMAGES = 160
WIDTH, HEIGHT = 960, 720
EIGHT = 8
FAR = 10**6
SMI = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]


def main() -> None:
    options = parse()
    if options.answer:
        print(json.dumps(answer(Path(options.answer[0]), options.answer[1])))
        return
    try:
        card = subprocess.check_output(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"])
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"nvidia-smi does not answer ({error}); this benchmark needs an NVIDIA GPU.")
    rows: list[dict[str, Any]] = [{"gpu": card.decode().strip()}]
    print(json.dumps(rows[0]), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_dataset(Path(folder) / "photos")
        for detector in options.detectors:
            for precision in options.precisions:
                run_dir = Path(folder) / f"{detector.split(':')[0]}-{precision}"
                rows.append(train(run_dir, detector, precision, options.steps, dataset))
                print(json.dumps(rows[-1]), flush=True)
                if options.json:
                    options.json.write_text(json.dumps(rows, indent=1))
        first = Path(folder) / f"{options.detectors[0].split(':')[0]}-{options.precisions[-1]}"
        rows += [detect(first, provider) for provider in ("CUDAExecutionProvider", "CPUExecutionProvider")]
        print(*map(json.dumps, rows[-2:]), sep="\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed and memory of training and detecting on a GPU.")
    parser.add_argument("detectors", nargs="*", default=DETECTORS, metavar="NAME:SIZE:BATCH")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--precisions", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_dataset(folder: Path) -> dict[str, Any]:
    """Smooth noise with up to eight bright rectangles; what dataset.json says about it."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    images = []
    for index in range(IMAGES):
        coarse = rng.integers(60, 180, (HEIGHT // 40, WIDTH // 40, 3), np.uint8)
        image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        boxes = []
        for _ in range(rng.integers(1, 9)):
            left, top = int(rng.integers(0, WIDTH - 200)), int(rng.integers(0, HEIGHT - 200))
            class_id, side = int(rng.integers(1, 3)), int(rng.integers(30, 200))
            image.paste((230, 40, 40) if class_id == 1 else (40, 40, 230), (left, top, left + side, top + side))
            edges = {"xmin": left, "ymin": top, "xmax": left + side, "ymax": top + side}
            boxes.append({"class_id": class_id, **{name: float(edge) for name, edge in edges.items()}})
        path = folder / f"{index}.jpg"
        image.save(path, quality=90)
        split = "val" if index < 16 else "test" if index < 24 else "train"
        images.append(
            {"id": index + 1, "path": str(path), "file_name": path.name, "width": WIDTH, "height": HEIGHT}
            | {"split": split, "boxes": boxes}
        )
    return {"classes": [dict(item) for item in CLASSES], "images": images}


def train(run_dir: Path, detector: str, precision: str, steps: int, dataset: dict[str, Any]) -> dict[str, Any]:
    """One training; the figures of its events."""
    name, size, batch = detector.split(":")
    settings = {"steps": steps, "batch_size": int(batch), "precision": precision, "log_every": 10}
    settings |= {"evaluate_every": FAR, "checkpoint_every": FAR, "warmup_steps": steps // 15}
    make_run(
        run_dir,
        {"format": 1, "model": {"architecture": name, "input_size": int(size)}, "train": settings},
        dataset,
    )
    started = time.perf_counter()
    with watching() as seen:
        code, memory = engine("train", str(run_dir))
    steps_seen = events(run_dir, "step")
    row = {"detector": name, "input": int(size), "batch": int(batch), "precision": precision, "memory_mb": memory}
    row |= {"seconds": round(time.perf_counter() - started, 1), "exit_code": code}
    if code or not steps_seen:
        return row | {"error": problem(run_dir)}
    late = steps_seen[len(steps_seen) // 3 :]
    row["steps_per_second"] = round(statistics.median(step["steps_per_second"] for step in late), 2)
    row["images_per_second"] = round(row["steps_per_second"] * int(batch), 1)
    row["gpu_memory_mb"] = late[-1].get("gpu_memory_mb")
    row["gpu_busy_percent"] = max((statistics.fmean(part) for part in busiest(seen)), default=0)
    row["gpu_used_mb"] = max((used for _, used in seen), default=0)
    row["losses"] = [round(step["loss"]["total"], 3) for step in (steps_seen[0], steps_seen[-1])]
    row["events"] = sorted({event["type"] for event in events(run_dir)})
    return row


@contextlib.contextmanager
def watching() -> Iterator[list[tuple[int, int]]]:
    """Collects the use of the first GPU and of its memory, two looks a second."""
    seen: list[tuple[int, int]] = []
    with subprocess.Popen([*SMI, "-lms", "500", "-i", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield seen
        finally:
            process.terminate()
            lines = process.communicate()[0].splitlines()
            seen += [(int(use), int(used)) for use, used in (line.split(",") for line in lines if "," in line)]


def busiest(seen: list[tuple[int, int]], looks: int = 8) -> Iterator[list[int]]:
    """The use over every four seconds: training alone, without the building before and the export after it."""
    use = [use for use, _ in seen]
    return (use[start : start + looks] for start in range(len(use) - looks + 1))


def detect(run_dir: Path, provider: str) -> dict[str, Any]:
    """What `answer` says, from a process of its own: CUDA stays in a process that has loaded it."""
    argv = [sys.executable, "-m", "benchmarks.engine.gpu", "--answer", str(run_dir), provider]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        return {"provider": provider, "error": done.stderr.strip()[-300:]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def answer(run_dir: Path, provider: str) -> dict[str, Any]:
    """Milliseconds a photograph, one at a time and eight at once, by one of onnxruntime's providers."""
    from training.engine.predictor import onnx_model

    onnx_model.PROVIDERS = tuple(dict.fromkeys((provider, "CPUExecutionProvider")))  # type: ignore[assignment]
    folder = next(path.parent for path in sorted(run_dir.rglob("model.onnx")))
    model = onnx_model.OnnxModel(folder / "model.onnx", json.loads((folder / "model.json").read_text()), None)
    photos = np.random.default_rng(1).integers(0, 256, (EIGHT, HEIGHT, WIDTH, 3), np.uint8)
    used = model._session.get_providers()[0]
    return {"provider": used, "ms_alone": timed(model, photos[:1]), "ms_in_eights": timed(model, photos)}


def timed(model: Any, batch: Any, rounds: int = 20) -> float:
    """The median of some rounds, in milliseconds an image, after three to warm up."""
    taken = []
    for _ in range(3 + rounds):
        started = time.perf_counter()
        model.predict(batch)
        taken.append(time.perf_counter() - started)
    return round(statistics.median(taken[3:]) * 1000 / len(batch), 2)


if __name__ == "__main__":
    main()
