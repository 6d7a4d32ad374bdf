"""Exporting a checkpoint in formats: at the end of a training and by the `export` command.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from training.engine import exports, pipeline_config
from training.engine.architectures.preset import DETECTORS
from training.engine.checkpoints import find
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.events import EventLog
from training.engine.exports.formats import FORMATS
from training.engine.exports.possible import refuse_impossible
from training.engine.exports.subject import Subject
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory

#: Loads a checkpoint, given by its path, into a model built for the run, the request, the dataset and the pipeline.
Load = Callable[[RunDirectory, RunRequest, Dataset, Any, Path], Subject]


def export_checkpoint(
    load: Load,
    run: RunDirectory,
    request: RunRequest,
    dataset: Dataset,
    events: EventLog,
    kinds: Sequence[str] | str,
    output: Path,
    which: str,
) -> None:
    """The `export` command: one checkpoint of a finished or stopped run in one format or several.

    `load` is that of the way the run was trained in (`training.engine.exporting` or `training.engine.tf1.exporting`).
    One format is written to `output` itself, several to a folder each below it, named as the formats.
    """
    kinds = [kinds] if isinstance(kinds, str) else list(dict.fromkeys(kinds))
    pipeline = pipeline_config.read(run)
    refuse_impossible(kinds, pipeline.model)
    prefix = find(run, which)
    events.state("building", "Building the model.")
    export_all(load(run, request, dataset, pipeline, prefix), events, kinds, output)
    events.state("done", f"Exported {prefix.name} as {', '.join(kinds)}.")


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
            split=done.split,
            seconds=round(done.seconds, 2),
        )


def export_detector(subject: Subject, events: EventLog) -> None:
    """The export at the end of a run: ONNX, or where that cannot be had, the next of `DETECTORS`.

    Raises the first format's `EngineError` when none works.
    """
    failure: EngineError | None = None
    for kind in DETECTORS:
        try:
            export_all(subject, events, [kind], subject.run.exports / kind)
            return
        except EngineError as error:
            failure = failure or error
            events.write("export_failed", format=kind, code=error.code, message=error.sentence)
    if failure:
        raise failure
