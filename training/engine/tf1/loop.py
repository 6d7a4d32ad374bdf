"""The training loop of TensorFlow 1's way, with the same events as `training.engine.loop`.

Needs `compat.apply("tf1")` first.
"""

from __future__ import annotations

import math
import time
from typing import Any

import tensorflow.compat.v1 as tf

from training.engine import device
from training.engine.cancellation import Cancellation
from training.engine.checkpoints import KEEP_LAST, nan_error
from training.engine.events import EventLog
from training.engine.loop import Setup
from training.engine.loop.report import loss_values
from training.engine.loop.setup import UNFROZEN_RATE, thawed
from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory
from training.engine.tf1 import training_graph
from training.engine.tf1.checkpoints import Checkpoints, latest
from training.engine.tf1.detector import Detector
from training.engine.tf1.session import open_session
from training.engine.tf1.training_graph import Plan


class TrainingLoop:
    """Trains one model on one run's records, one session call a step.

    `run` may be called again and again; the state between two calls is in the session, and in the checkpoints.
    """

    replicas = 1

    def __init__(
        self,
        run: RunDirectory,
        pipeline: Any,
        detector: Detector,
        request: TrainRequest,
        events: EventLog,
        stop: Cancellation,
        setup: Setup,
    ) -> None:
        self._request, self._events, self._stop, self._setup = request, events, stop, setup
        self._batch_size = pipeline.train_config.batch_size
        # Going on from a checkpoint shuffles anew: with the first order, the first images would be seen more often.
        saved = latest(run)
        seed = (setup.seed + (saved.step if saved else 0)) % 2**31
        plan = Plan(seed, setup.deterministic, request.freeze, KEEP_LAST)
        self.graph = training_graph.build(pipeline, plan)
        self.session = open_session(self.graph.graph)
        self.checkpoints = Checkpoints(run, self.graph, self.session, detector)
        self.session.run(self.graph.start)
        self._writer = tf.summary.FileWriter(str(run.train_summaries))

    @property
    def step(self) -> int:
        """Steps taken since the first start of the run."""
        return int(self.session.run(self.graph.step))

    @property
    def learning_rate(self) -> float:
        """That of the present step."""
        return float(self.session.run(self.graph.learning_rate, self._fed(self.step)))

    def _fed(self, step: int) -> dict[Any, float]:
        return {self.graph.rate_scale: self._setup.rate_scale * (UNFROZEN_RATE if thawed(self._request, step) else 1.0)}

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
            if step > 0 and self._stop.finish_requested():
                return
            losses, rate = self._take(step)
            step += 1
            if not math.isfinite(losses["total"]):
                raise nan_error(step)
            if step % self._request.log_every == 0:
                speed = (step - logged) / (time.perf_counter() - started)
                self._report(step, losses, rate, speed)
                logged, started = step, time.perf_counter()
            if step % self._request.checkpoint_every == 0:
                paused = time.perf_counter()
                self.save()
                started += time.perf_counter() - paused

    def _take(self, step: int) -> tuple[dict[str, float], float]:
        """Takes the step after `step`; returns its losses and the learning rate it was taken with."""
        all_of_it = thawed(self._request, step)
        if all_of_it and step == self._request.freeze_until_step:
            self._events.state("training", f"From step {step} on all variables are trained.")
        train = self.graph.train_all if all_of_it else self.graph.train
        _, losses, rate = self.session.run([train, self.graph.losses, self.graph.learning_rate], self._fed(step))
        return loss_values(losses), float(rate)

    def save(self) -> None:
        """Writes a checkpoint of the present step unless it is on disk already, or nothing has been learnt yet."""
        step = self.step
        if step > 0 and self.checkpoints.saved_step != step:
            self._events.write("checkpoint", step=self.checkpoints.save())

    def _report(self, step: int, losses: dict[str, float], rate: float, speed: float) -> None:
        figures = {"learning_rate": rate, "steps_per_second": speed}
        images = speed * self._batch_size
        self._events.write("step", step=step, loss=losses, **figures, images_per_second=images, **device.memory())
        write_scalars(self._writer, step, {**{f"loss/{name}": value for name, value in losses.items()}, **figures})


def write_scalars(writer: Any, step: int, figures: dict[str, float]) -> None:
    """Puts figures into a TensorBoard file at once, so that they can be seen while the run goes on."""
    values = [tf.Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
    writer.add_summary(tf.Summary(value=values), step)
    writer.flush()
