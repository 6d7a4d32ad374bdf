"""One training step as a graph: input, losses, gradients and their application. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tensorflow.compat.v1 as tf
from object_detection.builders import model_builder, optimizer_builder
from object_detection.utils import variables_helper

from training.engine.loop.batches import training_batches
from training.engine.loop.step import TOTAL, losses_of
from training.engine.tf1.batch_norm import averages_over
from training.engine.tf1.trainable import select, updates


@dataclass(frozen=True)
class Plan:
    """What the graph is to be beyond its pipeline.config.

    `frozen` are the names of a request's `freeze`, `keep` the number of checkpoints the saver leaves on disk.
    """

    seed: int
    deterministic: bool
    frozen: Sequence[str]
    keep: int


@dataclass(frozen=True)
class TrainingGraph:
    """The tensors and operations a training loop runs.

    `start` sets the variables and the input to their beginning. `train` takes one step with the frozen variables left
    out, `train_all` with everything. `losses` are those of `losses_of`, `learning_rate` includes the fed `rate_scale`.
    `model_variables` are those of the detector alone, without the optimizer's. `finite` says whether every weight is a
    number.
    """

    graph: Any
    start: Any
    train: Any
    train_all: Any
    losses: dict[str, Any]
    learning_rate: Any
    rate_scale: Any
    step: Any
    saver: Any
    model_variables: list[Any]
    finite: Any


def build(pipeline: Any, plan: Plan) -> TrainingGraph:
    """Builds the graph of a pipeline.config."""
    config = pipeline.train_config
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(plan.seed)
        step = tf.train.get_or_create_global_step()
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time this takes.
        start, losses = tf.autograph.experimental.do_not_convert(build_losses)(pipeline, plan)
        model_variables = [variable for variable in tf.global_variables() if variable is not step]
        rate_scale = tf.placeholder_with_default(1.0, [], name="rate_scale")
        with scaled_rates(rate_scale):
            optimizer, (learning_rate,) = optimizer_builder.build(config.optimizer, global_step=step)
        # All of them last: the moving averages that a saver stores are those of the latest update.
        frozen = build_update(config, optimizer, losses[TOTAL], step, plan.frozen) if plan.frozen else None
        train_all = build_update(config, optimizer, losses[TOTAL], step, ())
        finite = [tf.reduce_all(tf.is_finite(variable)) for variable in model_variables if variable.dtype.is_floating]
        return TrainingGraph(
            graph=graph,
            start=[tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer(), start],
            train=train_all if frozen is None else frozen,
            train_all=train_all,
            losses=losses,
            learning_rate=learning_rate,
            rate_scale=rate_scale,
            step=step,
            saver=make_saver(config, optimizer, plan.keep),
            model_variables=model_variables,
            finite=tf.reduce_all(finite),
        )


def build_losses(pipeline: Any, plan: Plan) -> tuple[Any, dict[str, Any]]:
    """(what starts the input, the losses of one batch)."""
    model = model_builder.build(pipeline.model, is_training=True)
    dataset = training_batches(pipeline, model, plan.deterministic, seed=plan.seed)
    batches = tf.data.make_initializable_iterator(dataset)
    with averages_over(pipeline.train_config.num_steps):
        return batches.initializer, losses_of(model, pipeline.train_config, *batches.get_next())


@contextmanager
def scaled_rates(scale: Any) -> Iterator[None]:
    """While it lasts, the API's learning rates are multiplied by the tensor `scale`, whatever the optimizer."""
    create: Callable[..., Any] = optimizer_builder._create_learning_rate
    optimizer_builder._create_learning_rate = lambda config, global_step=None: create(config, global_step) * scale
    try:
        yield
    finally:
        optimizer_builder._create_learning_rate = create


def build_update(config: Any, optimizer: Any, total: Any, step: Any, frozen: Sequence[str]) -> Any:
    """One step of the optimizer on the variables that are not frozen, with the moving averages of batch norm."""
    chosen = select(tf.trainable_variables(), config, frozen)
    pairs = [pair for pair in optimizer.compute_gradients(total, chosen) if pair[0] is not None]
    if config.bias_grad_multiplier:
        pairs = variables_helper.multiply_gradients_matching_regex(
            pairs, [".*/biases"], multiplier=config.bias_grad_multiplier
        )
    gradients, variables = zip(*pairs, strict=True)
    if config.gradient_clipping_by_norm > 0:
        gradients, _ = tf.clip_by_global_norm(gradients, config.gradient_clipping_by_norm)
    with tf.control_dependencies(updates(tf.get_collection(tf.GraphKeys.UPDATE_OPS), frozen)):
        return optimizer.apply_gradients(list(zip(gradients, variables, strict=True)), global_step=step)


def make_saver(config: Any, optimizer: Any, keep: int) -> Any:
    """Saves all there is; with moving averages of the weights, those stand under the weights' own names."""
    if config.optimizer.use_moving_average:
        return optimizer.swapping_saver(max_to_keep=keep)
    return tf.train.Saver(tf.global_variables(), max_to_keep=keep)
