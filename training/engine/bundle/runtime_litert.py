"""Runs model.tflite. Needs ai-edge-litert (or an older tflite-runtime) and numpy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: Path, about: dict[str, Any], threads: int | None = None) -> Callable[[Any], tuple[Any, Any, Any]]:
    """A function from uint8 RGB pixels [height, width, 3] to boxes, scores and class ids, best first.

    Boxes [n, 4] are xmin, ymin, xmax, ymax in pixels; scores [n] go from 0 to 1.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    interpreter = Interpreter(str(folder / about["file"]), num_threads=threads)
    run = interpreter.get_signature_runner()
    lock = threading.Lock()  # one call at a time: the interpreter owns the memory it answers in

    def detect(pixels: Any) -> tuple[Any, Any, Any]:
        images, window = prepare(pixels, about["preprocess"])
        with lock:
            outputs = {name: value.copy() for name, value in run(**{about["input"]: images}).items()}
        found = int(outputs["num_detections"].ravel()[0])
        high, wide = window
        height, width = pixels.shape[:2]
        boxes = outputs["detection_boxes"][0, :found] / np.array([high, wide, high, wide], np.float32)
        edges = np.clip(boxes, 0.0, 1.0)[:, [1, 0, 3, 2]] * np.array([width, height, width, height], np.float32)
        classes = outputs["detection_classes"][0, :found].astype(int) + 1  # TFLite counts from 0
        return edges, outputs["detection_scores"][0, :found], classes

    return detect


def prepare(pixels: Any, how: dict[str, Any]) -> tuple[Any, tuple[float, float]]:
    """The float32 input [1, height, width, 3] and the part of its height and width that the photograph takes."""
    height, width = target_size(pixels.shape[0], pixels.shape[1], how)
    resized = resize(pixels, height, width)
    values = resized @ np.array(how["matrix"], np.float32) + np.array(how["offset"], np.float32)
    if (height, width) == (how["height"], how["width"]):
        return values[None].astype(np.float32), (1.0, 1.0)
    canvas = np.empty((1, how["height"], how["width"], 3), np.float32)
    canvas[:] = np.array(how["fill"], np.float32)
    canvas[0, :height, :width] = values
    return canvas, (height / how["height"], width / how["width"])


def target_size(height: int, width: int, how: dict[str, Any]) -> tuple[int, int]:
    """Height and width after resizing; with `keep_aspect_ratio` the rest of the model's square is filled."""
    if not how["keep_aspect_ratio"]:
        return how["height"], how["width"]
    longest, shortest = np.float32(how["height"]), np.float32(how["shortest_side"])
    high, wide = (shortest, longest) if height < width else (longest, shortest)
    factor = min(high / np.float32(height), wide / np.float32(width))
    return int(np.rint(factor * np.float32(height))), int(np.rint(factor * np.float32(width)))


def resize(pixels: Any, height: int, width: int) -> Any:
    """Bilinear as TensorFlow does it for the Object Detection API: the corner of the first pixel is the origin."""
    top, bottom, down = neighbours(pixels.shape[0], height)
    left, right, across = neighbours(pixels.shape[1], width)
    across, down = across[None, :, None], down[:, None, None]

    def row(index: Any) -> Any:
        line = pixels[index]
        start = line[:, left].astype(np.float32)
        return start + (line[:, right] - start) * across

    upper = row(top)
    return upper + (row(bottom) - upper) * down


def neighbours(given: int, wanted: int) -> tuple[Any, Any, Any]:
    """Indices before and after each wanted place, and how far between the two it lies."""
    place = np.arange(wanted, dtype=np.float32) * (np.float32(given) / np.float32(wanted))
    before = np.floor(place).astype(int)
    return before, np.minimum(before + 1, given - 1), place - before
