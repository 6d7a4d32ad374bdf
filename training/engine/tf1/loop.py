"""The training loop of TensorFlow 1's way, with the same events as `training.engine.loop`.

Needs `compat.apply("tf1")` first.
"""

from __future__ import annotations

import math
import resource
import time
from typing import Any

import tensorflow.compat.v1 as tf

from training.engine.cancellation import Cancellation
from training.engine.checkpoints import nan_error
from training.engine.events import EventLog
from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory
from training.engine.tf1 import training_graph
from training.engine.tf1.checkpoints import KEEP_LAST, Checkpoints
from training.engine.tf1.detector import Detector
from training.engine.tf1.session import open_session


class TrainingLoop:
    """Trains one model on one run's records, one session call a step.

    `run` may be called again and again; the state between two calls is in the session, and in the checkpoints.
    """

    def __init__(
        self,
        run: RunDirectory,
        pipeline: Any,
        seed: int,
        detector: Detector,
        request: TrainRequest,
        events: EventLog,
        stop: Cancellation,
    ) -> None:
        self._request, self._events, self._stop = request, events, stop
        self.graph = training_graph.build(pipeline, seed, KEEP_LAST)
        self.session = open_session(self.graph.graph)
        self.checkpoints = Checkpoints(run, self.graph, self.session, detector)
        self.session.run(self.graph.start)
        self._writer = tf.summary.FileWriter(str(run.train_summaries))

    @property
    def step(self) -> int:
        """Steps taken since the first start of the run."""
        return int(self.session.run(self.graph.step))

    def run(self, until: int) -> None:
        """Trains until step `until`, saving and reporting on the way.

        Raises `Cancelled` between two steps after saving a checkpoint, and `EngineError` when the loss is not a number.
        """
        with self._stop.deferred():
            self._run(until)

    def _run(self, until: int) -> None:
        step = logged = self.step
        started = time.perf_counter()
        wanted = {"train": self.graph.train, "losses": self.graph.losses, "rate": self.graph.learning_rate}
        while step < until:
            if self._stop.requested():
                self.save()
                self._stop.check()
            values = self.session.run(wanted)
            step += 1
            if not math.isfinite(values["losses"]["total"]):
                raise nan_error(step)
            if step % self._request.log_every == 0:
                speed = (step - logged) / (time.perf_counter() - started)
                self._report(step, values["losses"], values["rate"], speed)
                logged, started = step, time.perf_counter()
            if step % self._request.checkpoint_every == 0:
                paused = time.perf_counter()
                self.save()
                started += time.perf_counter() - paused

    def save(self) -> None:
        """Writes a checkpoint of the present step unless it is on disk already, or nothing has been learnt yet."""
        step = self.step
        if step > 0 and self.checkpoints.saved_step != step:
            self._events.write("checkpoint", step=self.checkpoints.save())

    def _report(self, step: int, losses: dict[str, Any], rate: Any, speed: float) -> None:
        losses, rate = {name: float(value) for name, value in losses.items()}, float(rate)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self._events.write("step", step=step, loss=losses, learning_rate=rate, steps_per_second=speed, memory_mb=memory)
        figures = {**{f"loss/{name}": value for name, value in losses.items()}, "learning_rate": rate}
        write_scalars(self._writer, step, {**figures, "steps_per_second": speed})


def write_scalars(writer: Any, step: int, figures: dict[str, float]) -> None:
    """Puts figures into a TensorBoard file at once, so that they can be seen while the run goes on."""
    values = [tf.Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
    writer.add_summary(tf.Summary(value=values), step)
    writer.flush()
