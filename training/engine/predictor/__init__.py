"""Detection with an exported model, in a web or worker process: TensorFlow is never imported here.

ONNX through onnxruntime is what the site uses. A TFLite export is run by LiteRT; a frozen graph or a SavedModel needs
TensorFlow and is asked in a process of its own.
"""

from __future__ import annotations

from training.engine.predictor.cache import CACHED_MEGABYTES, CACHED_MODELS, get_predictor
from training.engine.predictor.detections import Detections
from training.engine.predictor.predictor import Predictor, model_file

__all__ = ["CACHED_MEGABYTES", "CACHED_MODELS", "Detections", "Predictor", "get_predictor", "model_file"]
