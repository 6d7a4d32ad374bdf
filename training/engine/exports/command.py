"""Exporting a checkpoint of a TF2 run: at the end of a training and by the `export` command.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.engine import exports, pipeline_config
from training.engine.checkpoints import find, load_model
from training.engine.dataset import Dataset
from training.engine.events import EventLog
from training.engine.exports.formats import FORMATS
from training.engine.exports.possible import refuse_impossible, why_no_tflite
from training.engine.exports.subject import Subject
from training.engine.exports.tflite_graph import tflite_settings
from training.engine.freezing import freeze
from training.engine.model import Detector, build_model
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory


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
    prefix = find(run, which)
    events.state("building", "Building the model.")
    model = build_model(pipeline)
    detector = Detector(model, request.model.input_size)
    load_model(model, prefix)
    subject = subject_of(run, request, dataset, detector, pipeline, prefix.name)
    export_all(subject, events, kinds, output)
    events.state("done", f"Exported {prefix.name} as {', '.join(kinds)}.")


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
        lambda lower_control_flow, batch: freeze(detector, lower_control_flow, batch),
        detector.resizer.window if detector.resizer else exports.subject.whole_window,
        None if why_no_tflite(pipeline.model) else tflite_settings(detector, pipeline.model),
        max(detector.resizer.height, detector.resizer.width) if detector.resizer else 0,
    )


def export_all(subject: Subject, events: EventLog, kinds: Sequence[str], output: Path) -> None:
    """Writes the formats and an event for each."""

    def folder_of(kind: str) -> Path:
        return output if len(kinds) == 1 else output / kind

    def report(kind: str) -> None:
        events.state("exporting", f"Exporting the model as {FORMATS[kind].title}.")

    for done in exports.export(subject, kinds, folder_of, report):
        inside = done.path.is_relative_to(subject.run.root)
        events.write(
            "export",
            format=done.format,
            path=str(done.path.relative_to(subject.run.root) if inside else done.path),
            max_box_difference=done.comparison.max_box_difference,
            max_score_difference=done.comparison.max_score_difference,
            ap=done.ap,
            checkpoint_ap=done.checkpoint_ap,
            seconds=round(done.seconds, 2),
        )
