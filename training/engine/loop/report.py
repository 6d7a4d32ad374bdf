"""What the loop tells while it trains: progress events, and figures for TensorBoard."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from training.engine import device
from training.engine.events import EventLog
from training.engine.loop.step import REGULARIZATION, TOTAL, Losses
from training.engine.pictures import PICTURES, training_pictures

LOSSES = {
    "total": TOTAL,
    "localization": "Loss/localization_loss",
    "classification": "Loss/classification_loss",
    "regularization": REGULARIZATION,
}


def loss_values(losses: Losses) -> dict[str, float]:
    """The losses by the names of the events.

    Families without a loss of localization or classification by that name have their own parts, by their own names.
    """
    known = {key: name for name, key in LOSSES.items()}
    return {known.get(key, key.removeprefix("Loss/")): float(value) for key, value in losses.items()}


class Reporter:
    """Writes `step` events and the same figures to TensorBoard."""

    def __init__(self, events: EventLog, summaries: str, batch_size: int) -> None:
        self._events, self._batch_size = events, batch_size
        self._writer = tf.summary.create_file_writer(summaries)

    def show_batch(self, batch: Any) -> None:
        """The first training images, as augmented, for whoever wonders what the model is shown."""
        with self._writer.as_default(step=0):
            tf.summary.image("train/augmented", training_pictures(*batch), max_outputs=PICTURES)

    def report(self, step: int, losses: dict[str, float], rate: float, speed: float) -> None:
        """`speed` is in steps per second."""
        figures: dict[str, Any] = {"learning_rate": rate, "steps_per_second": speed}
        images = speed * self._batch_size
        self._events.write("step", step=step, loss=losses, **figures, images_per_second=images, **device.memory())
        with self._writer.as_default(step=step):
            for name, value in losses.items():
                tf.summary.scalar(f"loss/{name}", value)
            for name, value in figures.items():
                tf.summary.scalar(name, value)
