"""An ONNX export through onnxruntime, on a GPU where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.engine.errors import EngineError
from training.engine.images import Pixels
from training.engine.predictor.detections import Detections

OUTPUTS = ["detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0"]
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
GPU_BATCH = 8  # on a CPU a batch is no faster per image than one at a time and only takes memory


class OnnxModel:
    """One session; several threads may ask at once. `batch_size` is how many images it takes best."""

    def __init__(self, model: Path, about: dict[str, Any], threads: int | None) -> None:
        # Not before a model is loaded: it takes 13 MB, and threads of its own, which no process may fork with.
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # its warnings are about optimisations it did not make
        # Weights outside the arena, which grows by doubling.
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
        available = onnxruntime.get_available_providers()
        providers = [name for name in PROVIDERS if name in available]
        if PROVIDERS[0] in providers:
            onnxruntime.preload_dlls()  # CUDA comes as Python packages, where no loader looks by itself
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=providers)
        except Exception as error:
            raise EngineError("bad_export", f"{model} could not be loaded; export the model again.") from error
        self._input: str = about["input"]
        on_gpu = "CUDAExecutionProvider" in self._session.get_providers()
        self.batch_size = GPU_BATCH if on_gpu and about.get("batch", "any") == "any" else 1

    def predict(self, batch: Pixels) -> list[Detections]:
        """Detections of uint8 RGB images [batch, height, width, 3]."""
        boxes, scores, classes, counts = self._session.run(OUTPUTS, {self._input: batch})
        height, width = batch.shape[1:3]
        pixels = boxes[..., [1, 0, 3, 2]] * np.array([width, height, width, height], np.float32)
        return [
            Detections(pixels[row, :count], scores[row, :count], classes[row, :count].astype(np.int64))
            for row, count in enumerate(counts.astype(int))
        ]
