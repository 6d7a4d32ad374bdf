"""Detection with an exported model: onnxruntime only, so a web process can do it without TensorFlow."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from training.engine.errors import EngineError
from training.engine.images import Pixels, to_pixels
from training.engine.rundir import read_json

CACHED_MODELS = 2
GPU_BATCH = 8  # on a CPU a batch is no faster per image than one at a time and only takes memory


@dataclass(frozen=True)
class Detections:
    """What was found on one image, best first, at most 100.

    `boxes` float32 [n, 4] are absolute pixel edges xmin, ymin, xmax, ymax of the image as given; `scores` float32 [n]
    from 0 to 1; `class_ids` int64 [n] are ids of the label map.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, threshold: float) -> Detections:
        """Only the detections with at least this score."""
        keep = self.scores >= threshold
        return Detections(self.boxes[keep], self.scores[keep], self.class_ids[keep])


class Predictor:
    """An ONNX export of a run, loaded once and usable from several threads.

    Raises `EngineError` when model.onnx or model.json beside it is missing, damaged or belongs to another file.
    """

    def __init__(self, path: Path | str, threads: int | None = None, batch_size: int | None = None) -> None:
        model = model_file(Path(path))
        about = read_json(model.with_name("model.json"))
        encoded = model.read_bytes()
        if hashlib.sha256(encoded).hexdigest() != about["sha256"]:
            raise EngineError("bad_export", f"{model} does not match its model.json; export the model again.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # its warnings are about optimisations it did not make
        providers = onnxruntime.get_available_providers()
        try:
            self._session = onnxruntime.InferenceSession(encoded, options, providers=providers)
        except Exception as error:
            raise EngineError("bad_export", f"{model} could not be loaded; export the model again.") from error
        self.classes: dict[int, str] = {int(item["id"]): str(item["name"]) for item in about["classes"]}
        self._input: str = about["input"]
        on_gpu = "CUDAExecutionProvider" in self._session.get_providers()
        self._batch_size = batch_size or (GPU_BATCH if on_gpu else 1)

    def predict(self, images: Sequence[Image.Image | Pixels]) -> list[Detections]:
        """Detections for each image: PIL images of any mode, or uint8 RGB arrays [height, width, 3]."""
        found: list[Detections] = []
        for batch in batches([as_pixels(image) for image in images], self._batch_size):
            found.extend(self._predict_batch(batch))
        return found

    def _predict_batch(self, batch: Pixels) -> list[Detections]:
        names = ["detection_boxes", "detection_scores", "detection_classes", "num_detections"]
        boxes, scores, classes, counts = self._session.run([f"{name}:0" for name in names], {self._input: batch})
        height, width = batch.shape[1:3]
        pixels = boxes[..., [1, 0, 3, 2]] * np.array([width, height, width, height], np.float32)
        return [
            Detections(pixels[row, :count], scores[row, :count], classes[row, :count].astype(np.int64))
            for row, count in enumerate(counts.astype(int))
        ]


def model_file(path: Path) -> Path:
    model = path / "model.onnx" if path.is_dir() else path
    if not model.is_file():
        raise EngineError("no_export", f"There is no exported model at {path}; export it first.")
    return model


def as_pixels(image: Image.Image | Pixels) -> Pixels:
    if isinstance(image, Image.Image):
        return to_pixels(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"an image must be uint8 [height, width, 3], not {image.dtype} {image.shape}")
    return image


def batches(images: list[Pixels], size: int) -> Iterator[Pixels]:
    """Stacks neighbours of equal shape, at most `size` at a time, keeping the order."""
    start = 0
    for end in range(1, len(images) + 1):
        if end == len(images) or end - start == size or images[end].shape != images[start].shape:
            yield np.stack(images[start:end])
            start = end


_cache: OrderedDict[tuple[Path, int], Predictor] = OrderedDict()
_lock = threading.Lock()


def get_predictor(path: Path | str) -> Predictor:
    """A shared predictor for an export folder or file; the two used last stay in memory, a new export is noticed."""
    model = model_file(Path(path)).resolve()
    key = (model, model.stat().st_mtime_ns)
    with _lock:
        if key not in _cache:
            _cache[key] = Predictor(model)
        _cache.move_to_end(key)
        while len(_cache) > CACHED_MODELS:
            _cache.popitem(last=False)
        return _cache[key]
