"""One attempt at a run: a model that is built, trained and evaluated until it is done or something goes wrong.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import gc
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine import device, pipeline_config
from training.engine.architectures.batch_norm import fit_batch_norm
from training.engine.cancellation import Cancellation
from training.engine.checkpoints import Best, read_best
from training.engine.dataset import Dataset
from training.engine.evaluation import Evaluator, write_detections
from training.engine.evaluation_batches import MOST_TOGETHER
from training.engine.events import EventLog
from training.engine.history import Score, patience_exhausted, remember
from training.engine.loop import Setup, TrainingLoop
from training.engine.model import Detector, build_model
from training.engine.recovery import Recovery
from training.engine.request import RunRequest
from training.engine.restore import Restored
from training.engine.rundir import RunDirectory
from training.engine.starting import start_from

#: Why a run may stop before its last step.
ASKED, PATIENCE = "somebody asked it to stop and keep what it had", "the validation AP had stopped rising"


class Attempt:
    """Goes on from the newest checkpoint, or starts from the base, with what `recovery` has changed."""

    def __init__(
        self, run: RunDirectory, request: RunRequest, dataset: Dataset, events: EventLog, stop: Cancellation
    ) -> None:
        self.run, self.request, self.dataset, self.events, self.stop = run, request, dataset, events, stop
        self.recovery = Recovery.load(run)
        self.pipeline = pipeline_config.read(run)
        self.recovery.apply(self.pipeline)
        self.loop: TrainingLoop | None = None

    @property
    def batch_size(self) -> int:
        return int(self.pipeline.train_config.batch_size)

    def build(self) -> TrainingLoop:
        """Builds the model and its loop and fetches the weights to start from."""
        self.events.state("building", "Building the model.")
        tf.keras.backend.clear_session()
        gc.collect()  # an earlier attempt's model goes, and its memory with it
        strategy = device.choose_strategy(self.batch_size)
        self.precision = device.set_precision(self.request.train.precision)
        device.compute_repeatably(self.request.train.deterministic)
        self.said_about_devices(strategy.num_replicas_in_sync)
        tf.keras.utils.set_random_seed(self.request.seed)
        with strategy.scope():
            self.model = build_model(self.pipeline)
            self.detector = Detector(self.model, self.request.model.input_size)
        fit_batch_norm(self.model, self.request.train.steps)
        self.stop.check()
        self.loop = loop = self.make_loop(strategy)
        self.evaluator = Evaluator(self.run, self.dataset, self.detector, min(self.batch_size, MOST_TOGETHER))
        self.fetch_weights(loop)
        return loop

    def fetch_weights(self, loop: Any) -> None:
        """Those of the newest checkpoint, else the base's."""
        base = self.request.base
        if loop.checkpoints.restore_latest():
            self.events.state("restoring", f"Going on from step {loop.step}.")
        elif base.kind != "none":
            self.events.state("restoring", f"Loading the weights of {Path(base.path).name}.")
            restored = self.load_base([name for _, name in sorted(self.dataset.classes.items())])
            skipped = [asdict(item) for item in restored.skipped]
            self.events.write("restored", **{"from": restored.source}, kept=restored.kept, skipped=skipped)

    def load_base(self, class_names: list[str]) -> Restored:
        """Puts the base's weights into the fresh model."""
        return start_from(self.request, self.pipeline, self.model, class_names, self.run.root / "base")

    def make_loop(self, strategy: tf.distribute.Strategy) -> TrainingLoop:
        setup = replace(self.setup(), strategy=strategy)
        return TrainingLoop(self.run, self.pipeline, self.model, self.request.train, self.events, self.stop, setup)

    def setup(self) -> Setup:
        """What the request, the machine and earlier attempts say about the loop."""
        train = self.request.train
        return Setup(
            seed=self.request.seed,
            deterministic=not device.has_gpu() if train.deterministic is None else train.deterministic,
            frozen_batch_norm=pipeline_config.frozen_batch_norm(self.request),
            rate_scale=self.recovery.rate_scale,
            keep_images=Setup.can_keep(self.dataset.split("train")),
        )

    def said_about_devices(self, replicas: int) -> None:
        if replicas > 1:
            self.events.state("building", f"Sharing each batch among {replicas} GPUs.")
        if self.precision != device.FLOAT32:
            self.events.state("building", f"Working in {self.precision}, with weights in float32.")

    def train_and_evaluate(self, loop: TrainingLoop) -> str:
        """Trains in stretches that end where an evaluation is due; returns why it stopped early, else empty."""
        steps, every = self.request.train.steps, self.request.train.evaluate_every
        while True:
            step, asked = loop.step, self.stop.finish_requested()
            due = step > 0 and (step % every == 0 or step >= steps or asked)
            if due and not self.run.detections(step).exists():
                self.evaluate(loop)
            if step >= steps:
                return ""
            if due and asked:
                return ASKED
            if due and patience_exhausted(self.run, self.request.train):
                return PATIENCE
            self.events.state("training", f"Training from step {step} of {steps}.")
            loop.run(min(steps, (step // every + 1) * every))

    def evaluate(self, loop: TrainingLoop) -> None:
        """Measures the model on val and keeps it when it is the best so far."""
        step = loop.step
        loop.save()
        self.events.state("evaluating", f"Evaluating step {step}.")
        started = time.monotonic()
        figures, found = self.evaluator.evaluate(step, self.stop.check)
        best = read_best(self.run)
        now = Best(step, figures.ap or 0.0, figures.ap50 or 0.0)
        is_best = best is None or (now.ap, now.ap50) > (best.ap, best.ap50)
        with self.stop.deferred():
            if is_best:
                loop.checkpoints.save_best(now)
            remember(self.run, Score(step, figures.ap))
            write_detections(self.run, step, figures, found)
        seconds = time.monotonic() - started
        self.events.write("eval", step=step, **asdict(figures), best=is_best, seconds=seconds)
