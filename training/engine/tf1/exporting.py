"""Exporting a checkpoint of a TensorFlow 1 run. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.engine import pipeline_config
from training.engine.checkpoints import find
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.events import EventLog
from training.engine.exports.command import export_all
from training.engine.exports.possible import TFLITE, refuse_impossible
from training.engine.exports.subject import Subject, whole_window
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory
from training.engine.tf1.detector import Detector


def export_checkpoint(
    run: RunDirectory,
    request: RunRequest,
    dataset: Dataset,
    events: EventLog,
    kinds: Sequence[str] | str,
    output: Path,
    which: str,
) -> None:
    """The `export` command: one checkpoint of a finished or stopped run in one format or several.

    One format is written to `output` itself, several to a folder each below it, named as the formats.
    """
    kinds = [kinds] if isinstance(kinds, str) else list(dict.fromkeys(kinds))
    pipeline = pipeline_config.read(run)
    refuse_impossible(kinds, pipeline.model)
    refuse_tflite(kinds)
    prefix = find(run, which)
    events.state("building", "Building the model.")
    detector = Detector(pipeline)
    detector.restore(prefix)
    export_all(subject_of(run, request, dataset, pipeline, detector, prefix), events, kinds, output)
    events.state("done", f"Exported {prefix.name} as {', '.join(kinds)}.")


def refuse_tflite(kinds: Sequence[str]) -> None:
    """Raises `EngineError` for a format whose converter takes only functions of TensorFlow 2."""
    wanted = [kind for kind in kinds if kind in TFLITE]
    if wanted:
        raise EngineError(
            "export_impossible",
            f"A detector of TensorFlow 1 cannot become {wanted[0]}; choose onnx, frozen_graph or saved_model, or train "
            "the same network's architecture of TensorFlow 2 (its name ends in _keras).",
        )


def subject_of(
    run: RunDirectory, request: RunRequest, dataset: Dataset, pipeline: Any, detector: Detector, prefix: Path
) -> Subject:
    """What is exported when the detector has the weights of the checkpoint `prefix`."""

    def freeze(lower_control_flow: bool, batch: int | None) -> Any:
        if batch is None and not lower_control_flow:
            return detector.freeze()
        # In a graph loops are of one kind from the start, so another kind takes another graph.
        other = Detector(pipeline, not lower_control_flow, batch)
        other.restore(prefix)
        return other.freeze()

    window = detector.resizer.window if detector.resizer else whole_window
    family = pipeline.model.WhichOneof("model")
    return Subject(run, request, dataset, prefix.name, family, detector, freeze, window)
