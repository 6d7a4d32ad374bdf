"""The `predict` command: any export asked about image files, with what it needs loaded into this very process.

For a frozen graph or a SavedModel that is TensorFlow; the web and worker processes therefore start this as a command.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.engine.bundle import runtime_frozen_graph, runtime_litert, runtime_onnx, runtime_saved_model
from training.engine.bundle.predict import detect_file
from training.engine.errors import EngineError
from training.engine.predictor import model_file
from training.engine.rundir import read_json

RUNTIMES = {
    "model.onnx": runtime_onnx,
    "model.tflite": runtime_litert,
    "frozen_inference_graph.pb": runtime_frozen_graph,
    "saved_model.pb": runtime_saved_model,
}


def predict_files(folder: Path, images: Sequence[Path], threshold: float) -> list[dict[str, Any]]:
    """What an export found on each image file, in the form predict.py of a bundle prints.

    Raises `EngineError` when there is no export or a file is not a picture.
    """
    model = model_file(folder)
    about = read_json(model.with_name("model.json"))
    names = {item["id"]: item["name"] for item in about["classes"]}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        detect = RUNTIMES[model.name].load(model.parent, {"file": model.name, **about})
    except Exception as error:
        sentence = f"{model} could not be loaded ({type(error).__name__}); export the model again."
        raise EngineError("bad_export", sentence) from error
    results = []
    for path in images:
        try:
            results.append(detect_file(path, detect, names, threshold))
        except OSError as error:
            sentence = f"{path} could not be read as a picture; leave it out or save it again as JPEG or PNG."
            raise EngineError("image_unreadable", sentence) from error
    return results
