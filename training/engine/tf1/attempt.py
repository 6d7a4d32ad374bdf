"""One attempt at a run of TensorFlow 1's way. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

import gc
import shutil
from dataclasses import replace
from typing import Any

from training.engine import attempt, device
from training.engine.errors import EngineError
from training.engine.restore import Restored
from training.engine.starting import extractor_of
from training.engine.tf1.detector import Detector
from training.engine.tf1.evaluation import Evaluator
from training.engine.tf1.loop import TrainingLoop
from training.engine.tf1.restore import load_checkpoint
from training.engine.zoo import resolve


class Attempt(attempt.Attempt):
    """Builds graphs of detection and training where TensorFlow 2's way has one model; the course is the same."""

    precision = device.FLOAT32
    # Each is used through what it has in common with the other way's.
    loop: TrainingLoop | None  # type: ignore[assignment]
    detector: Detector
    evaluator: Evaluator  # type: ignore[assignment]

    def build(self) -> TrainingLoop:  # type: ignore[override]
        """Builds both graphs and fetches the weights to start from."""
        self.events.state("building", "Building the model.")
        gc.collect()  # an earlier attempt's sessions go, and their memory with them
        if self.request.train.precision not in (None, device.FLOAT32):
            raise EngineError(
                "bad_request", "The architectures of 2017 train in float32 only; leave train.precision out."
            )
        self.detector = Detector(self.pipeline)
        self.stop.check()
        self.loop = loop = TrainingLoop(
            self.run, self.pipeline, self.detector, self.request.train, self.events, self.stop, self.setup()
        )
        self.evaluator = Evaluator(self.run, self.dataset, self.detector)
        self.fetch_weights(loop)
        return loop

    def load_base(self, class_names: list[str]) -> Restored:
        """Puts the base's weights into the fresh graph of training."""
        base = self.request.base
        loop: Any = self.loop
        if base.kind == "backbone":
            raise EngineError(
                "wrong_backbone",
                "An architecture of 2017 cannot start from a Keras backbone file; choose a checkpoint of TensorFlow 1.",
            )
        folder = self.run.root / "base"
        try:
            start = resolve(base, folder, extractor_of(self.pipeline).type)
            restored = load_checkpoint(
                loop.session, loop.graph.model_variables, start.prefix, start.classes, class_names
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return replace(restored, source=base.path)
