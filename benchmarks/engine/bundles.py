"""Exports carried to a machine that has nothing: `pip install` what their model card says, then their predict.py.

    python -m benchmarks.engine.bundles [RUN_DIR] [--formats tflite saved_model onnx]

Makes a new virtual environment for each format, installs from the package index that pip is set to, and runs predict.py
there on validation photographs. `largest_score_difference` is beside what the engine reads from the ONNX export of the
same checkpoint. Needs the index; the tests do the same with packages linked from their own environment
(tests/training/engine/test_exports.py). Without RUN_DIR a run is made and trained for one step. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.engine.finished_run import ROOT, finished_run
from training.engine.architectures.preset import EXPORTS
from training.engine.predictor import Predictor

INSTALL = re.compile("^ {4}pip install (.+)$", re.MULTILINE)
COMPARED = 20  # scores of each photograph, the best first
SIZE = 320


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run_dir", nargs="?", type=Path)
    parser.add_argument("--formats", nargs="+", default=["tflite", "saved_model", "onnx"], choices=EXPORTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_dir = options.run_dir or finished_run(folder / "run", SIZE)
        exports = {kind: export(run_dir, kind, folder / kind) for kind in {"onnx", *options.formats}}
        photos = [one["path"] for one in images_of(run_dir) if one["split"] == "val"]
        expected = scores_of_the_engine(exports["onnx"], photos)
        found = {kind: measure(exports[kind], folder / f"{kind}-venv", photos, expected) for kind in options.formats}
    print(json.dumps({"benchmark": "bundles", "photos": len(photos), **found}, indent=1))


def images_of(run_dir: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run_dir / "dataset.json").read_text(encoding="utf-8"))["images"]
    return found


def export(run_dir: Path, kind: str, folder: Path) -> Path:
    argv = [sys.executable, "-m", "training.engine", "export", str(run_dir), "--format", kind, "--output", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def scores_of_the_engine(folder: Path, photos: list[str]) -> list[list[float]]:
    """The best scores of each photograph, with the predictor of this project."""
    found = Predictor(folder).predict([Image.open(photo) for photo in photos])
    return [[float(score) for score in one.scores[:COMPARED]] for one in found]


def measure(bundle: Path, place: Path, photos: list[str], expected: list[list[float]]) -> dict[str, Any]:
    """Installs and asks as a stranger would: in a shell that knows nothing of this project."""
    (packages,) = INSTALL.findall((bundle / "MODEL_CARD.md").read_text(encoding="utf-8"))
    venv.create(place, with_pip=True)
    python, environment = place / "bin" / "python", {**os.environ, "PYTHONPATH": ""}
    started = time.perf_counter()
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages.split()]
    subprocess.run(install, env=environment, check=True)
    installed, carried = time.perf_counter() - started, shutil.copytree(bundle, place / "bundle")
    argv = [str(python), "predict.py", *photos, "--threshold", "0"]
    started = time.perf_counter()
    done = subprocess.run(argv, cwd=carried, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        return {"packages": packages, "failed": done.stderr[-2000:]}
    scores = [[one["score"] for one in item["detections"]][:COMPARED] for item in json.loads(done.stdout)]
    listed = [str(python), "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check"]
    return {
        "packages": packages,
        "installed": subprocess.run(listed, env=environment, check=True, capture_output=True, text=True).stdout.split(),
        "install_seconds": round(installed, 1),
        "predict_seconds": round(seconds, 1),
        "detections": sum(map(len, scores)),
        "largest_score_difference": round(largest_difference(scores, expected), 6),
    }


def largest_difference(found: list[list[float]], expected: list[list[float]]) -> float:
    pairs = [pair for one, other in zip(found, expected, strict=True) for pair in zip(one, other, strict=True)]
    return max(abs(one - other) for one, other in pairs)


if __name__ == "__main__":
    main()
