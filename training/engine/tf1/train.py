"""One run of TensorFlow 1's way, from its request to its result. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from training.engine import train
from training.engine.checkpoints import find
from training.engine.exports.command import export_detector
from training.engine.tf1.attempt import Attempt
from training.engine.tf1.exporting import load_subject, subject_of

__all__ = ["TrainingRun", "load_subject"]


class TrainingRun(train.TrainingRun):
    """The same course as in TensorFlow 2's way: records, model, training with evaluations, export."""

    attempt: Attempt

    def new_attempt(self) -> Attempt:
        return Attempt(self.run, self.request, self.dataset, self.events, self.stop)

    def export_best(self) -> None:
        """Exports the best checkpoint in a format that can be detected with."""
        self.stop.check()
        prefix = find(self.run, "best")
        detector = self.attempt.detector
        detector.restore(prefix)
        export_detector(
            subject_of(self.run, self.request, self.dataset, self.attempt.pipeline, detector, prefix), self.events
        )
