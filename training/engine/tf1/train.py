"""One run of TensorFlow 1's way, from its request to its result. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from training.engine import pipeline_config, train
from training.engine.checkpoints import find
from training.engine.errors import EngineError
from training.engine.exports.command import export_all
from training.engine.restore import Restored
from training.engine.tf1.detector import Detector
from training.engine.tf1.evaluation import Evaluator
from training.engine.tf1.exporting import export_checkpoint, subject_of
from training.engine.tf1.loop import TrainingLoop
from training.engine.tf1.restore import load_checkpoint

__all__ = ["TrainingRun", "export_checkpoint"]


class TrainingRun(train.TrainingRun):
    """The same course as in TensorFlow 2's way: records, model, training with evaluations, export."""

    def build(self) -> None:
        """Builds the graphs of detection and training and fetches the weights to start from."""
        self.events.state("building", "Building the model.")
        self.pipeline = pipeline_config.read(self.run)
        self.detector = Detector(self.pipeline)
        self.stop.check()
        self.loop = TrainingLoop(
            self.run, self.pipeline, self.request.seed, self.detector, self.request.train, self.events, self.stop
        )
        self.evaluator = Evaluator(self.run, self.dataset, self.detector, self.loop.checkpoints)
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
            raise EngineError(
                "wrong_backbone",
                "An architecture of 2017 cannot start from a Keras backbone file; choose a checkpoint of TensorFlow 1.",
            )
        names = [name for _, name in sorted(self.dataset.classes.items())]
        return load_checkpoint(self.loop.session, self.loop.graph.model_variables, base.path, base.classes, names)

    def export_best(self) -> None:
        """Exports the best checkpoint as ONNX, which is what the site detects with."""
        self.stop.check()
        prefix = find(self.run, "best")
        self.detector.restore(prefix)
        subject = subject_of(self.run, self.request, self.dataset, self.pipeline, self.detector, prefix)
        export_all(subject, self.events, ["onnx"], self.run.exports / "onnx")
