"""A TFLite export through LiteRT, resized and normalised by the very code that travels with the export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.engine.bundle import runtime_litert
from training.engine.errors import EngineError
from training.engine.images import Pixels
from training.engine.predictor.detections import Detections


class LiteRtModel:
    """One interpreter, which answers one caller at a time."""

    batch_size = 1

    def __init__(self, model: Path, about: dict[str, Any], threads: int | None) -> None:
        try:
            self._detect = runtime_litert.load(model.parent, about, threads)
        except ImportError as error:
            raise EngineError(
                "no_runtime", "TFLite exports are run by LiteRT, which is not installed: pip install ai-edge-litert."
            ) from error
        except Exception as error:
            raise EngineError("bad_export", f"{model} could not be loaded; export the model again.") from error

    def predict(self, batch: Pixels) -> list[Detections]:
        """Detections of uint8 RGB images [batch, height, width, 3]."""
        return [as_detections(*self._detect(pixels)) for pixels in batch]


def as_detections(boxes: Any, scores: Any, class_ids: Any) -> Detections:
    return Detections(boxes.astype(np.float32), scores.astype(np.float32), class_ids.astype(np.int64))
