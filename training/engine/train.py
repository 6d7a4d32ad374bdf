"""One run from its request to its result. Needs `compat.apply()` first."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine import exports, pipeline_config, records
from training.engine.backbone import load_backbone
from training.engine.cancellation import Cancellation
from training.engine.checkpoints import Best, find, load_model, read_best
from training.engine.dataset import Dataset
from training.engine.errors import Cancelled
from training.engine.evaluation import Evaluator, read_figures, write_detections
from training.engine.events import EventLog
from training.engine.loop import TrainingLoop
from training.engine.model import Detector, build_model
from training.engine.request import RunRequest
from training.engine.restore import Restored, load_checkpoint
from training.engine.rundir import RunDirectory


class TrainingRun:
    """Records, model, training with evaluations in between, export; goes on where an earlier attempt stopped."""

    def __init__(
        self, run: RunDirectory, request: RunRequest, dataset: Dataset, events: EventLog, stop: Cancellation
    ) -> None:
        self.run, self.request, self.dataset, self.events, self.stop = run, request, dataset, events, stop
        self._started = time.monotonic()

    def execute(self) -> None:
        """Does the whole run. Raises `EngineError` or `Cancelled`; what was learnt is saved before the latter."""
        self.write_records()
        self.build()
        try:
            self.train_and_evaluate()
        except Cancelled:
            with self.stop.deferred():
                self.loop.save()
            raise
        self.export_best()
        self.report_result()

    def write_records(self) -> None:
        """Writes records, label map and pipeline.config unless all of them are there."""
        self.stop.check()
        if records.complete(self.run) and self.run.pipeline_config.exists():
            return
        self.events.state("records", f"Writing {len(self.dataset.images)} images as TFRecords.")
        left_out = records.write_all(self.run, self.dataset, self.stop.check)
        if left_out:
            self.events.state("records", f"{left_out} boxes without any area inside their image were left out.")
        pipeline_config.write(self.run, pipeline_config.build(self.run, self.request, self.dataset))

    def build(self) -> None:
        """Builds model and input pipeline and fetches the weights to start from."""
        self.events.state("building", "Building the model.")
        tf.keras.utils.set_random_seed(self.request.seed)
        pipeline = pipeline_config.read(self.run)
        model = build_model(pipeline)
        self.detector = Detector(model, self.request.model.input_size)
        self.stop.check()
        self.model = model
        self.loop = TrainingLoop(self.run, pipeline, model, self.request.train, self.events, self.stop)
        self.evaluator = Evaluator(self.run, self.dataset, self.detector)
        if self.loop.checkpoints.restore_latest():
            self.events.state("restoring", f"Going on from step {self.loop.step}.")
        elif restored := self.load_base():
            skipped = [asdict(item) for item in restored.skipped]
            self.events.write("restored", **{"from": restored.source}, kept=restored.kept, skipped=skipped)

    def load_base(self) -> Restored | None:
        """Puts the base's weights into the fresh model."""
        base = self.request.base
        if base.kind == "none":
            return None
        self.events.state("restoring", f"Loading the weights of {Path(base.path).name}.")
        if base.kind == "backbone":
            return load_backbone(self.model, Path(base.path), self.request.model.depth_multiplier)
        names = [name for _, name in sorted(self.dataset.classes.items())]
        return load_checkpoint(self.model, base.path, base.classes, names)

    def train_and_evaluate(self) -> None:
        """Trains in stretches that end where an evaluation is due."""
        steps, every = self.request.train.steps, self.request.train.evaluate_every
        while True:
            step = self.loop.step
            due = step > 0 and (step % every == 0 or step >= steps)
            if due and not self.run.detections(step).exists():
                self.evaluate(step)
            if step >= steps:
                return
            self.events.state("training", f"Training from step {step} of {steps}.")
            self.loop.run(min(steps, (step // every + 1) * every))

    def evaluate(self, step: int) -> None:
        """Measures the model on val and keeps it when it is the best so far."""
        self.loop.save()
        self.events.state("evaluating", f"Evaluating step {step}.")
        started = time.monotonic()
        figures, found = self.evaluator.evaluate(step, self.stop.check)
        best = read_best(self.run)
        now = Best(step, figures.ap or 0.0, figures.ap50 or 0.0)
        is_best = best is None or (now.ap, now.ap50) > (best.ap, best.ap50)
        with self.stop.deferred():
            if is_best:
                self.loop.checkpoints.save_best(now)
            write_detections(self.run, step, figures, found)
        seconds = time.monotonic() - started
        self.events.write("eval", step=step, **asdict(figures), best=is_best, seconds=seconds)

    def export_best(self) -> None:
        """Exports the best checkpoint as ONNX, which is what the site detects with."""
        self.stop.check()
        load_model(self.model, find(self.run, "best"))
        export_model(
            self.run, self.events, self.detector, self.dataset, self.request, "onnx", self.run.exports / "onnx"
        )

    def report_result(self) -> None:
        """Writes the last figures and the `done` state."""
        steps, best = self.loop.step, read_best(self.run)
        val: dict[str, Any] = read_figures(self.run, steps)
        seconds = time.monotonic() - self._started
        self.events.write("result", steps=steps, best=asdict(best) if best else None, val=val, seconds=seconds)
        self.events.state("done", f"Trained {steps} steps.")


def export_model(
    run: RunDirectory,
    events: EventLog,
    detector: Detector,
    dataset: Dataset,
    request: RunRequest,
    kind: str,
    output: Path,
) -> None:
    """Exports the detector's present weights and says so in the events."""
    events.state("exporting", f"Exporting the model as {kind}.")
    done = exports.export(run, detector, dataset.classes, request.model.input_size, kind, output)
    inside = done.path.is_relative_to(run.root)
    events.write(
        "export",
        format=kind,
        path=str(done.path.relative_to(run.root) if inside else done.path),
        max_box_difference=done.max_box_difference,
        max_score_difference=done.max_score_difference,
    )


def export_checkpoint(
    run: RunDirectory,
    request: RunRequest,
    dataset: Dataset,
    events: EventLog,
    kind: str,
    output: Path,
    which: str,
) -> None:
    """The `export` command: one checkpoint of a finished or stopped run in one format."""
    prefix = find(run, which)
    events.state("building", "Building the model.")
    model = build_model(pipeline_config.read(run))
    detector = Detector(model, request.model.input_size)
    load_model(model, prefix)
    export_model(run, events, detector, dataset, request, kind, output)
    events.state("done", f"Exported {prefix.name} as {kind}.")
