"""The training step, and some of them in one call: the API's losses, our choice of variables.

`model_lib_v2.eager_train_step` does the same with every variable of the model, in one precision, and clips each
replica's gradients by themselves. Needs `compat.apply()` first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from object_detection import model_lib

from training.engine.device import in_float32

TOTAL, REGULARIZATION = "Loss/total_loss", "Loss/regularization_loss"
Losses = dict[str, tf.Tensor]
LOOK_EVERY = 0.1  # seconds between two looks for a request to stop


class Steps:
    """Some steps at once, as one program: coming back to Python between them costs one or two in a hundred."""

    def __init__(
        self,
        model: Any,
        config: Any,
        optimizer: Any,
        variables: list[tf.Variable],
        step: tf.Variable,
        batches: Iterator[Any],
        strategy: tf.distribute.Strategy,
        asked: Callable[[], bool],
    ) -> None:
        """Compiles it. The optimizer's variables must exist: otherwise the step would be traced twice.

        `config` is the train_config of the pipeline; `asked` is called from another thread, a few times a second, and
        says whether the steps that are left are to be left alone.
        """

        def replica_step(features: Any, labels: Any) -> Losses:
            return train_on(model, config, optimizer, variables, step, features, labels)

        def next_step() -> Losses:
            if strategy.num_replicas_in_sync == 1:
                return replica_step(*next(batches))
            losses = strategy.run(replica_step, args=next(batches))
            return {name: strategy.reduce("SUM", value, axis=None) for name, value in losses.items()}

        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time tracing takes.
        self._one = tf.function(next_step, autograph=False).get_concrete_function()
        self._asked = asked
        with tf.device("CPU"):
            self._stop = tf.Variable(False, trainable=False, name="stop")
        most = tf.TensorSpec([], tf.int64)
        self._several = tf.function(self._loop, autograph=False, input_signature=[most]).get_concrete_function()

    def __call__(self, most: int) -> tuple[int, Losses]:
        """Takes up to `most` batches and trains on each; the steps taken and the losses of the last one."""
        with self._watching():
            taken, losses = self._several(tf.constant(most, tf.int64))
            return int(taken), losses

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """A function of Python inside the program would be simpler, but TensorFlow crashes as it clears those away."""
        ended = threading.Event()
        self._stop.assign(False)

        def watch() -> None:
            while not ended.wait(LOOK_EVERY):
                if self._asked():
                    self._stop.assign(True)
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _loop(self, most: tf.Tensor) -> Any:
        def goes_on(taken: tf.Tensor, losses: Losses) -> tf.Tensor:
            return (taken < most) & ~self._stop

        def step(taken: tf.Tensor, losses: Losses) -> Any:
            return taken + 1, self._one()

        none = {name: tf.zeros([], spec.dtype) for name, spec in self._one.structured_outputs.items()}
        return tf.while_loop(goes_on, step, (tf.constant(0, tf.int64), none))


def train_on(
    model: Any,
    config: Any,
    optimizer: Any,
    variables: list[tf.Variable],
    step: tf.Variable,
    features: Any,
    labels: Any,
) -> Losses:
    """What each replica does with its share of the batch; the losses of all replicas add up to those of the batch."""
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    with tf.GradientTape() as tape:
        losses = {name: value / replicas for name, value in losses_of(model, config, features, labels).items()}
        total = losses[TOTAL]
        scaled = optimizer.get_scaled_loss(total) if hasattr(optimizer, "get_scaled_loss") else total
    found = zip(tape.gradient(scaled, variables), variables, strict=True)
    gradients, used = zip(*[pair for pair in found if pair[0] is not None], strict=True)
    if hasattr(optimizer, "get_unscaled_gradients"):
        gradients = optimizer.get_unscaled_gradients(gradients)
    if replicas > 1:
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
    if config.gradient_clipping_by_norm > 0:
        gradients, _ = tf.clip_by_global_norm(gradients, config.gradient_clipping_by_norm)
    optimizer.apply_gradients(zip(gradients, used, strict=True), experimental_aggregate_gradients=False)
    step.assign_add(1)
    return losses


def losses_of(model: Any, config: Any, features: Any, labels: Any) -> Losses:
    """The API's losses of one batch, with the regularization and the total."""
    model._is_training = True
    tf.keras.backend.set_learning_phase(True)
    labels = model_lib.unstack_batch(labels, unpad_groundtruth_tensors=config.unpad_groundtruth_tensors)
    # No training step: only DeepMAC asks for it, and the model would keep the variable as a part of itself, so that
    # every restore of the model's weights would set the step as well.
    model_lib.provide_groundtruth(model, labels, training_step=None)
    shapes = features["true_image_shape"]
    predicted = model.predict(features["image"], shapes, **model.get_side_inputs(features))
    losses: Losses = dict(model.loss(in_float32(predicted), shapes))
    weights = in_float32(model.regularization_losses()) if config.add_regularization_loss else None
    if weights:
        losses[REGULARIZATION] = tf.add_n(weights)
    losses[TOTAL] = tf.add_n(list(losses.values()))
    return losses
