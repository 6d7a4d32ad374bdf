"""The training loop: the API's own training step, with progress, cancelling and resuming around it.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import math
import resource
import time
from typing import Any

import tensorflow as tf
from object_detection import inputs, model_lib_v2
from object_detection.builders import optimizer_builder

from training.engine.cancellation import Cancellation
from training.engine.checkpoints import Checkpoints, nan_error
from training.engine.events import EventLog
from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory

LOSSES = {
    "total": "Loss/total_loss",
    "localization": "Loss/localization_loss",
    "classification": "Loss/classification_loss",
    "regularization": "Loss/regularization_loss",
}


class TrainingLoop:
    """Trains one model on one run's records.

    Only every `log_every`-th loss is read back from the device. `run` may be called again and again; the state between
    two calls is the model, the optimizer and the step, all of which are in the checkpoints.
    """

    def __init__(
        self, run: RunDirectory, pipeline: Any, model: Any, request: TrainRequest, events: EventLog, stop: Cancellation
    ) -> None:
        config = pipeline.train_config
        self._request, self._events, self._stop = request, events, stop
        self._global_step = tf.Variable(0, trainable=False, dtype=tf.int64, name="global_step")
        optimizer, (self._learning_rate,) = optimizer_builder.build(config.optimizer, global_step=self._global_step)
        self.checkpoints = Checkpoints(run, self._global_step, model, optimizer)
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time until the first step.
        dataset = tf.autograph.experimental.do_not_convert(inputs.train_input)(
            train_config=config,
            train_input_config=pipeline.train_input_reader,
            model_config=pipeline.model,
            model=model,
        )
        self._batches = iter(dataset.repeat())
        # With the optimizer's variables in place the step is traced once instead of twice. Tracing it here, and not
        # at the first step, lets a signal interrupt it.
        optimizer._create_all_weights(model.trainable_variables)
        self._train_step = self._make_train_step(model, config, optimizer).get_concrete_function(*dataset.element_spec)
        self._writer = tf.summary.create_file_writer(str(run.train_summaries))

    @property
    def step(self) -> int:
        """Steps taken since the first start of the run."""
        return int(self._global_step)

    def run(self, until: int) -> None:
        """Trains until step `until`, saving and reporting on the way.

        Raises `Cancelled` between two steps after saving a checkpoint, and `EngineError` when the loss is not a number.
        """
        with self._stop.deferred():
            self._run(until)

    def _run(self, until: int) -> None:
        step = logged = self.step
        started = time.perf_counter()
        while step < until:
            if self._stop.requested():
                self.save()
                self._stop.check()
            losses = self._train_step(*next(self._batches))
            step += 1
            if step % self._request.log_every == 0:
                values = self._loss_values(step, losses)
                speed = (step - logged) / (time.perf_counter() - started)
                self._report(step, values, speed)
                logged, started = step, time.perf_counter()
            if step % self._request.checkpoint_every == 0:
                paused = time.perf_counter()
                self.save()
                started += time.perf_counter() - paused

    def save(self) -> None:
        """Writes a checkpoint of the present step unless it is on disk already, or nothing has been learnt yet."""
        if self.step > 0 and self.checkpoints.saved_step != self.step:
            self._events.write("checkpoint", step=self.checkpoints.save())

    def _make_train_step(self, model: Any, config: Any, optimizer: Any) -> Any:
        @tf.function(autograph=False)
        def train_step(features: Any, labels: Any) -> Any:
            losses = model_lib_v2.eager_train_step(
                model,
                features,
                labels,
                config.unpad_groundtruth_tensors,
                optimizer,
                # Only DeepMAC asks for it, and the model would keep the variable as a part of itself: every restore of
                # the model's weights would then set the step as well.
                training_step=None,
                add_regularization_loss=config.add_regularization_loss,
                clip_gradients_value=config.gradient_clipping_by_norm or None,
            )
            self._global_step.assign_add(1)
            return losses

        return train_step

    def _loss_values(self, step: int, losses: Any) -> dict[str, float]:
        values = {name: float(losses[key]) for name, key in LOSSES.items() if key in losses}
        if not math.isfinite(values["total"]):
            raise nan_error(step)
        return values

    def _report(self, step: int, losses: dict[str, float], speed: float) -> None:
        rate = float(self._learning_rate() if callable(self._learning_rate) else self._learning_rate)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self._events.write("step", step=step, loss=losses, learning_rate=rate, steps_per_second=speed, memory_mb=memory)
        with self._writer.as_default(step=step):
            for name, value in losses.items():
                tf.summary.scalar(f"loss/{name}", value)
            tf.summary.scalar("learning_rate", rate)
            tf.summary.scalar("steps_per_second", speed)
