"""An export that needs TensorFlow, asked in a process of its own: `python -m training.engine predict`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.engine.errors import EngineError
from training.engine.images import Pixels
from training.engine.predictor.detections import Detections
from training.engine.runner import ROOT

BATCH = 64  # images a process; it takes some seconds to start


class ProcessModel:
    """A frozen graph or a SavedModel. Every call starts a process, so it is made for many images at once."""

    batch_size = BATCH

    def __init__(self, model: Path, about: dict[str, Any], threads: int | None) -> None:
        self._folder = model.parent

    def predict(self, batch: Pixels) -> list[Detections]:
        """Detections of uint8 RGB images [batch, height, width, 3]; `EngineError` when the process fails."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{index}.png" for index in range(len(batch))]
            for path, pixels in zip(paths, batch, strict=True):
                Image.fromarray(pixels).save(path, compress_level=1)
            argv = [sys.executable, "-m", "training.engine", "predict", str(self._folder), *map(str, paths)]
            done = subprocess.run([*argv, "--threshold", "0"], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise EngineError("bad_export", f"{self._folder.name} could not be asked: {reason}")
        return [as_detections(item["detections"]) for item in json.loads(done.stdout)]


def as_detections(found: list[dict[str, Any]]) -> Detections:
    edges = [[one["box"][edge] for edge in ("xmin", "ymin", "xmax", "ymax")] for one in found]
    return Detections(
        np.array(edges, np.float32).reshape(-1, 4),
        np.array([one["score"] for one in found], np.float32),
        np.array([one["class_id"] for one in found], np.int64),
    )
