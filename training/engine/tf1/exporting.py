"""Exporting a checkpoint of a TensorFlow 1 run. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.engine.dataset import Dataset
from training.engine.exports.subject import Subject, whole_window
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory
from training.engine.tf1.detector import Detector


def load_subject(run: RunDirectory, request: RunRequest, dataset: Dataset, pipeline: Any, prefix: Path) -> Subject:
    """The checkpoint `prefix` in a graph of its own."""
    detector = Detector(pipeline)
    detector.restore(prefix)
    return subject_of(run, request, dataset, pipeline, detector, prefix)


def subject_of(
    run: RunDirectory, request: RunRequest, dataset: Dataset, pipeline: Any, detector: Detector, prefix: Path
) -> Subject:
    """What is exported when the detector has the weights of the checkpoint `prefix`."""

    def freeze(lower_control_flow: bool, batch: int | None, loops: bool) -> Any:
        if batch is None and not lower_control_flow:
            return detector.freeze()
        # In a graph loops are of one kind from the start, so another kind takes another graph.
        other = Detector(pipeline, not lower_control_flow, batch)
        other.restore(prefix)
        return other.freeze()

    window = detector.resizer.window if detector.resizer else whole_window
    family = pipeline.model.WhichOneof("model")
    return Subject(run, request, dataset, prefix.name, family, detector, freeze, window)
