"""One training step: the API's losses, our choice of variables.

`model_lib_v2.eager_train_step` does the same with every variable of the model, in one precision, and clips each
replica's gradients by themselves. Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from object_detection import model_lib

from training.engine.device import in_float32

TOTAL, REGULARIZATION = "Loss/total_loss", "Loss/regularization_loss"
Losses = dict[str, tf.Tensor]


def trace_step(
    model: Any,
    config: Any,
    optimizer: Any,
    variables: list[tf.Variable],
    step: tf.Variable,
    batches: Iterator[Any],
    strategy: tf.distribute.Strategy,
) -> Callable[[], Losses]:
    """Compiles the function that takes the next batch, trains on it, counts the step and returns its losses.

    The optimizer's variables must exist: otherwise the step would be traced twice. `config` is the train_config of the
    pipeline.
    """

    def replica_step(features: Any, labels: Any) -> Losses:
        return train_on(model, config, optimizer, variables, step, features, labels)

    def next_step() -> Losses:
        if strategy.num_replicas_in_sync == 1:
            return replica_step(*next(batches))
        losses = strategy.run(replica_step, args=next(batches))
        return {name: strategy.reduce("SUM", value, axis=None) for name, value in losses.items()}

    # AutoGraph would rewrite the API's code, which is graph code already, and treble the time tracing takes.
    traced: Callable[[], Losses] = tf.function(next_step, autograph=False).get_concrete_function()
    return traced


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
