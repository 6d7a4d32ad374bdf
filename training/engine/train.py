"""One run from its request to its result. Needs `compat.apply()` first."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from typing import Any

from training.engine import device, pipeline_config, records
from training.engine.attempt import Attempt
from training.engine.cancellation import Cancellation
from training.engine.checkpoints import find, load_model, read_best
from training.engine.dataset import Dataset
from training.engine.errors import Cancelled, EngineError
from training.engine.evaluation import read_figures
from training.engine.events import EventLog
from training.engine.exporting import load_subject, subject_of
from training.engine.exports.command import export_detector
from training.engine.failures import explain
from training.engine.model import Detector, build_model
from training.engine.recovery import sentence
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory

__all__ = ["TrainingRun", "load_subject"]


class TrainingRun:
    """Records, model, training with evaluations in between, export; goes on where an earlier attempt stopped."""

    def __init__(
        self, run: RunDirectory, request: RunRequest, dataset: Dataset, events: EventLog, stop: Cancellation
    ) -> None:
        self.run, self.request, self.dataset, self.events, self.stop = run, request, dataset, events, stop
        self.stopped_early = ""
        self._started = time.monotonic()

    def execute(self) -> None:
        """Does the whole run. Raises `EngineError` or `Cancelled`; what was learnt is saved before the latter."""
        self.write_records()
        self.attempt = self.new_attempt()
        while not self.trained():
            self.attempt = self.new_attempt()
        self.export_best()
        self.report_result()

    def new_attempt(self) -> Attempt:
        return Attempt(self.run, self.request, self.dataset, self.events, self.stop)

    def trained(self) -> bool:
        """Trains to the end; False when something went wrong that another attempt may cure."""
        try:
            loop = self.attempt.build()
            self.stopped_early = self.attempt.train_and_evaluate(loop)
            self.replicas, self.steps = loop.replicas, loop.step
        except Cancelled:
            with self.stop.deferred(), contextlib.suppress(EngineError):  # weights that are no numbers are not saved
                if self.attempt.loop:
                    self.attempt.loop.save()
            raise
        except Exception as error:
            if not self.recover(error):
                raise
            return False
        return True

    def recover(self, error: Exception) -> bool:
        """Decides what the next attempt does otherwise, and says so; False when nothing is left to try."""
        attempt, known = self.attempt, explain(error)
        recovery = known and attempt.recovery.after(known.code, attempt.batch_size)
        if not known or not recovery:
            return False
        recovery.save(self.run)
        loop = attempt.loop
        failed, saved = (loop.step, max(0, loop.checkpoints.saved_step)) if loop else (0, 0)
        rate = loop.learning_rate if loop else self.request.train.learning_rate
        said = sentence(known.code, failed, saved, recovery, attempt.batch_size)
        self.events.write(
            "retry",
            reason=known.code,
            failed_step=failed,
            step=saved,
            learning_rate=rate * recovery.rate_scale / attempt.recovery.rate_scale,
            batch_size=recovery.batch_size or attempt.batch_size,
            message=said,
        )
        self.events.state("restoring", said)
        return True

    def write_records(self) -> None:
        """Writes records, label map and pipeline.config, each unless it is there."""
        self.stop.check()
        whole = records.complete(self.run)
        if not whole:
            self.events.state("records", f"Writing {len(self.dataset.images)} images as TFRecords.")
            left_out = records.write_all(self.run, self.dataset, self.stop.check)
            if left_out:
                self.events.state("records", f"{left_out} boxes without any area inside their image were left out.")
        if not whole or not self.run.pipeline_config.exists():
            pipeline_config.write(self.run, pipeline_config.build(self.run, self.request, self.dataset))

    def export_best(self) -> None:
        """Exports the best checkpoint in a format that can be detected with."""
        self.stop.check()
        prefix = find(self.run, "best")
        detector, pipeline = self.detector_for_export(), self.attempt.pipeline
        load_model(detector.model, prefix)
        export_detector(subject_of(self.run, self.request, self.dataset, detector, pipeline, prefix.name), self.events)

    def detector_for_export(self) -> Detector:
        """The trained one, unless it works in a low precision or on several GPUs: exports do neither."""
        attempt = self.attempt
        if attempt.precision == device.FLOAT32 and self.replicas == 1:
            return attempt.detector
        device.set_precision(device.FLOAT32)
        return Detector(build_model(attempt.pipeline), self.request.model.input_size)

    def report_result(self) -> None:
        """Writes the last figures and the `done` state."""
        steps, best = self.steps, read_best(self.run)
        val: dict[str, Any] = read_figures(self.run, steps)
        self.events.write(
            "result",
            steps=steps,
            best=asdict(best) if best else None,
            val=val,
            seconds=time.monotonic() - self._started,
            stopped_early=bool(self.stopped_early),
        )
        early = f" of {self.request.train.steps}: {self.stopped_early}" if self.stopped_early else ""
        self.events.state("done", f"Trained {steps} steps{early}.")
