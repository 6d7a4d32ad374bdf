"""One attempt at a run of TensorFlow 1's way. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

import gc
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from training.engine import attempt, device, pipeline_config
from training.engine.errors import EngineError
from training.engine.loop import Setup
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
        train = self.request.train
        setup = Setup(
            seed=self.request.seed,
            deterministic=not device.has_gpu() if train.deterministic is None else train.deterministic,
            frozen_batch_norm=pipeline_config.frozen_batch_norm(self.request),
            rate_scale=self.recovery.rate_scale,
        )
        self.loop = loop = TrainingLoop(self.run, self.pipeline, self.detector, train, self.events, self.stop, setup)
        self.evaluator = Evaluator(self.run, self.dataset, self.detector)
        if loop.checkpoints.restore_latest():
            self.events.state("restoring", f"Going on from step {loop.step}.")
        elif restored := self.load_base_into(loop):
            skipped = [asdict(item) for item in restored.skipped]
            self.events.write("restored", **{"from": restored.source}, kept=restored.kept, skipped=skipped)
        return loop

    def load_base_into(self, loop: TrainingLoop) -> Restored | None:
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
        folder = self.run.root / "base"
        try:
            start = resolve(base, folder, extractor_of(self.pipeline).type)
            restored = load_checkpoint(loop.session, loop.graph.model_variables, start.prefix, start.classes, names)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return replace(restored, source=base.path)
