"""One exported model, whatever its format, asked about any images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from training.engine.errors import EngineError
from training.engine.images import Pixels, to_pixels
from training.engine.predictor.detections import Detections
from training.engine.predictor.litert_model import LiteRtModel
from training.engine.predictor.onnx_model import OnnxModel
from training.engine.predictor.process_model import ProcessModel
from training.engine.rundir import read_json


class Model(Protocol):
    """What runs one format. `batch_size` is how many images of one size it takes best at a time."""

    batch_size: int

    def predict(self, batch: Pixels) -> list[Detections]: ...


# By the name of the file, the best first; a folder holds one of them.
RUNTIMES: dict[str, type[OnnxModel] | type[LiteRtModel] | type[ProcessModel]] = {
    "model.onnx": OnnxModel,
    "model.tflite": LiteRtModel,
    "frozen_inference_graph.pb": ProcessModel,
    "saved_model.pb": ProcessModel,
}


class Predictor:
    """An export of a run, loaded once and usable from several threads.

    Raises `EngineError` when the model file or model.json beside it is missing, damaged or belongs to another file.
    """

    def __init__(self, path: Path | str, threads: int | None = None, batch_size: int | None = None) -> None:
        model = model_file(Path(path))
        about = read_json(model.with_name("model.json"))
        if digest(model) != about["sha256"]:
            raise EngineError("bad_export", f"{model} does not match its model.json; export the model again.")
        self.classes: dict[int, str] = {int(item["id"]): str(item["name"]) for item in about["classes"]}
        self.bytes = model.stat().st_size
        self._model: Model = RUNTIMES[model.name](model, {"file": model.name, **about}, threads)
        one_at_a_time = about.get("batch", "any") == 1
        self._batch_size = 1 if one_at_a_time else batch_size or self._model.batch_size

    def predict(self, images: Sequence[Image.Image | Pixels]) -> list[Detections]:
        """Detections for each image: PIL images of any mode, or uint8 RGB arrays [height, width, 3]."""
        pixels = [as_pixels(image) for image in images]
        found: dict[int, Detections] = {}
        for group in groups([image.shape for image in pixels], self._batch_size):
            answers = self._model.predict(np.stack([pixels[index] for index in group]))
            found.update(zip(group, answers, strict=True))
        return [found[index] for index in range(len(pixels))]


def model_file(path: Path) -> Path:
    """The model file of an export folder, or the file itself; `EngineError` when there is none."""
    candidates = [path / name for name in RUNTIMES] if path.is_dir() else [path]
    model = next((candidate for candidate in candidates if candidate.is_file()), None)
    if model is None or model.name not in RUNTIMES:
        raise EngineError("no_export", f"There is no exported model at {path}; export it first.")
    return model


def digest(path: Path) -> Any:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_pixels(image: Image.Image | Pixels) -> Pixels:
    if isinstance(image, Image.Image):
        return to_pixels(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"an image must be uint8 [height, width, 3], not {image.dtype} {image.shape}")
    return image


def groups(shapes: Sequence[tuple[int, ...]], size: int) -> Iterator[list[int]]:
    """Indices of images of one shape, at most `size` at a time, wherever they stand in the list."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, shape in enumerate(shapes):
        alike.setdefault(shape, []).append(index)
    for indices in alike.values():
        for start in range(0, len(indices), size):
            yield indices[start : start + size]
