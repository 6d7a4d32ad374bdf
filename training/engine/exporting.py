"""A checkpoint of a TensorFlow 2 run as what is exported. Needs `compat.apply()` first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.engine.checkpoints import load_model
from training.engine.dataset import Dataset
from training.engine.exports.possible import why_no_tflite
from training.engine.exports.subject import Subject, whole_window
from training.engine.exports.tflite_graph import tflite_settings
from training.engine.freezing import freeze
from training.engine.model import Detector, build_model
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory


def load_subject(run: RunDirectory, request: RunRequest, dataset: Dataset, pipeline: Any, prefix: Path) -> Subject:
    """The checkpoint `prefix` in a model of its own."""
    model = build_model(pipeline)
    detector = Detector(model, request.model.input_size)
    load_model(model, prefix)
    return subject_of(run, request, dataset, detector, pipeline, prefix.name)


def subject_of(
    run: RunDirectory, request: RunRequest, dataset: Dataset, detector: Detector, pipeline: Any, checkpoint: str
) -> Subject:
    """What is exported when the detector's present weights are those of `checkpoint`."""
    return Subject(
        run,
        request,
        dataset,
        checkpoint,
        pipeline.model.WhichOneof("model"),
        detector,
        lambda lower_control_flow, batch, loops: freeze(detector, lower_control_flow, batch, loops),
        detector.resizer.window if detector.resizer else whole_window,
        None if why_no_tflite(pipeline.model) else tflite_settings(detector, pipeline.model),
        max(detector.resizer.height, detector.resizer.width) if detector.resizer else 0,
    )
