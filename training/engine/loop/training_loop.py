"""The loop around the training step: saving, reporting, stopping and going on."""

from __future__ import annotations

import math
import time
from typing import Any

import tensorflow as tf
from object_detection.builders import optimizer_builder

from training.engine.cancellation import Cancellation
from training.engine.checkpoints import Checkpoints, nan_error
from training.engine.events import EventLog
from training.engine.loop.batches import training_batches
from training.engine.loop.report import Reporter, loss_values
from training.engine.loop.setup import UNFROZEN_RATE, Setup, thawed
from training.engine.loop.step import Losses, Steps
from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory
from training.engine.trainable import known_and_unknown, select


class TrainingLoop:
    """Trains one model on one run's records.

    Only every `log_every`-th loss is read back from the device. `run` may be called again and again; the state between
    two calls is the model, the optimizer and the step, all of which are in the checkpoints. Neither the batches nor the
    compiled step exist before `prepare`, which must follow the loading of a checkpoint: both depend on the step.
    """

    def __init__(
        self,
        run: RunDirectory,
        pipeline: Any,
        model: Any,
        request: TrainRequest,
        events: EventLog,
        stop: Cancellation,
        setup: Setup | None = None,
    ) -> None:
        self._pipeline, self._model, self._request = pipeline, model, request
        self._events, self._stop, self._setup = events, stop, setup or Setup()
        with self._setup.strategy.scope():
            self._global_step = tf.Variable(
                0, trainable=False, dtype=tf.int64, name="global_step",
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )  # fmt: skip
            self._make_optimizer()
        self.checkpoints = Checkpoints(run, self._global_step, model, self._optimizer)
        self._reporter = Reporter(events, str(run.train_summaries), pipeline.train_config.batch_size)
        self._steps: Any = None
        self._taken = 0

    def _make_optimizer(self) -> None:
        optimizer, (rate,) = optimizer_builder.build(self._pipeline.train_config.optimizer, self._global_step)
        self._schedule = rate if callable(rate) else lambda: rate
        self._scale = tf.Variable(1.0, trainable=False, name="learning_rate_scale")
        optimizer._set_hyper("learning_rate", lambda: self._schedule() * self._scale)
        # With the optimizer's variables in place, those of layers that are frozen today too, the step is traced once.
        optimizer._create_all_weights(self._model.trainable_variables)
        low = tf.keras.mixed_precision.global_policy().compute_dtype == "float16"
        self._optimizer = tf.keras.mixed_precision.LossScaleOptimizer(optimizer) if low else optimizer

    @property
    def step(self) -> int:
        """Steps taken since the first start of the run."""
        return int(self._global_step.read_value())  # a variable of several devices is no number by itself

    @property
    def replicas(self) -> int:
        """How many devices share each batch."""
        return int(self._setup.strategy.num_replicas_in_sync)

    @property
    def learning_rate(self) -> float:
        """That of the present step."""
        return float(self._schedule() * self._scale)

    def prepare(self) -> None:
        """Starts the input and compiles the step, here and not at the first step, so that a signal interrupts it.

        Going on from a checkpoint shuffles anew: with the first order, the first images would be seen twice as often.
        """
        seed = (self._setup.seed + self.step) % 2**31
        tf.keras.utils.set_random_seed(seed)
        strategy = self._setup.strategy

        def batches(context: Any = None) -> tf.data.Dataset:
            deterministic, keep = self._setup.deterministic, self._setup.keep_images
            return training_batches(self._pipeline, self._model, deterministic, context, seed, keep)

        self._batches = iter(strategy.distribute_datasets_from_function(batches) if self.replicas > 1 else batches())
        self._trace()
        if self.step == 0:
            self._reporter.show_batch(strategy.experimental_local_results(next(self._batches))[0])

    def _trace(self) -> None:
        self._traced_thawed = all_of_it = thawed(self._request, self.step)
        names = () if all_of_it else (*self._request.freeze, *self._frozen_by_config())
        variables = select(self._model, names, self._setup.frozen_batch_norm)
        self._scale.assign(self._setup.rate_scale * (UNFROZEN_RATE if all_of_it else 1.0))
        self._steps = Steps(
            self._model,
            self._pipeline.train_config,
            self._optimizer,
            variables,
            self._global_step,
            self._batches,
            self._setup.strategy,
            self._asked_to_end,
        )

    def _frozen_by_config(self) -> list[str]:
        """The `freeze_variables` of a config that was brought along."""
        known, unknown = known_and_unknown(self._model, self._pipeline.train_config.freeze_variables)
        for pattern in unknown:
            said = (
                f"The config freezes {pattern!r}, but this model has no variable of that name; nothing is frozen by it."
            )
            self._events.state("building", said)
        return known

    def run(self, until: int) -> None:
        """Trains until step `until`, saving and reporting on the way.

        Returns earlier when the run was asked to finish. Raises `Cancelled` between two steps, after which `save` can
        still be called, and `EngineError` when the loss is not a number.
        """
        if self._steps is None:
            self.prepare()
        with self._stop.deferred():
            self._run(until)

    def _run(self, until: int) -> None:
        self._taken = step = logged = self.step
        started = time.perf_counter()
        while step < until:
            self._stop.check()
            if self._asked_to_end():
                return
            if thawed(self._request, step) and not self._traced_thawed:
                self._events.state("training", f"From step {step} on all variables are trained.")
                self._trace()
            taken, losses = self._steps(self._next_pause(step, until) - step)
            self._taken = step = step + taken
            if taken and step % self._request.log_every == 0:
                speed = (step - logged) / (time.perf_counter() - started)
                self._report(step, losses, speed)
                logged, started = step, time.perf_counter()
            if taken and step % self._request.checkpoint_every == 0:
                paused = time.perf_counter()
                self.save()
                started += time.perf_counter() - paused

    def _asked_to_end(self) -> bool:
        """From any thread. A run that is to keep what it has needs to have something first: one step."""
        return self._stop.requested() or (self._taken > 0 and self._stop.finish_requested())

    def _next_pause(self, step: int, until: int) -> int:
        """The next step after which there is something else to do than another one."""
        if step == 0:
            return 1
        request = self._request
        pauses = [(step // every + 1) * every for every in (request.log_every, request.checkpoint_every)]
        if not self._traced_thawed and request.freeze_until_step is not None:
            pauses.append(max(step + 1, request.freeze_until_step))
        return min(until, *pauses)

    def _report(self, step: int, losses: Losses, speed: float) -> None:
        values = loss_values(losses)
        if not math.isfinite(values["total"]):
            raise nan_error(step)
        self._reporter.report(step, values, self.learning_rate, speed)

    def save(self) -> None:
        """Writes a checkpoint of the present step unless it is on disk already, or nothing has been learnt yet."""
        if self.step > 0 and self.checkpoints.saved_step != self.step:
            self._events.write("checkpoint", step=self.checkpoints.save())
