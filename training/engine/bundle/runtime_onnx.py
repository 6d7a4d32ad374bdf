"""Runs model.onnx. Needs onnxruntime (or onnxruntime-gpu) and numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

OUTPUTS = ["detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0"]


def load(folder: Path, about: dict[str, Any]) -> Callable[[Any], tuple[Any, Any, Any]]:
    """A function from uint8 RGB pixels [height, width, 3] to boxes, scores and class ids, best first.

    Boxes [n, 4] are xmin, ymin, xmax, ymax in pixels; scores [n] go from 0 to 1.
    """
    wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # its warnings are about optimisations it did not make
    session = onnxruntime.InferenceSession(str(folder / about["file"]), options, providers=providers)

    def detect(pixels: Any) -> tuple[Any, Any, Any]:
        boxes, scores, classes, count = session.run(OUTPUTS, {about["input"]: pixels[None]})
        found = int(count[0])
        height, width = pixels.shape[:2]
        edges = boxes[0, :found, [1, 0, 3, 2]].T * np.array([width, height, width, height], np.float32)
        return edges, scores[0, :found], classes[0, :found].astype(int)

    return detect
