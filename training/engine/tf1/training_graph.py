"""One training step as a graph: input, losses, gradients and their application. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow.compat.v1 as tf
import tf_slim
from object_detection import inputs, model_lib
from object_detection.builders import model_builder, optimizer_builder
from object_detection.core.standard_fields import InputDataFields
from object_detection.utils import variables_helper

from training.engine.errors import EngineError


@dataclass(frozen=True)
class TrainingGraph:
    """The tensors and operations a training loop runs.

    `start` fills the input pipeline, `train` takes one step. `losses` has "total" and its parts. `model_variables` are
    those of the detector alone, without the optimizer's. `finite` says whether every weight is a number.
    """

    graph: Any
    start: Any
    train: Any
    losses: dict[str, Any]
    learning_rate: Any
    step: Any
    saver: Any
    model_variables: list[Any]
    finite: Any


def build(pipeline: Any, seed: int, keep: int) -> TrainingGraph:
    """Builds the graph of a pipeline.config; its saver keeps the last `keep` checkpoints."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        step = tf.train.get_or_create_global_step()
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time this takes.
        start, losses = tf.autograph.experimental.do_not_convert(build_losses)(pipeline)
        model_variables = [variable for variable in tf.global_variables() if variable is not step]
        optimizer, (learning_rate,) = optimizer_builder.build(pipeline.train_config.optimizer, global_step=step)
        train = build_update(pipeline.train_config, optimizer, losses["total"], step)
        weights = tf.trainable_variables()
        return TrainingGraph(
            graph=graph,
            start=[tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer(), start],
            train=train,
            losses=losses,
            learning_rate=learning_rate,
            step=step,
            saver=make_saver(pipeline.train_config, optimizer, keep),
            model_variables=model_variables,
            finite=tf.reduce_all([tf.reduce_all(tf.is_finite(variable)) for variable in weights]),
        )


def build_losses(pipeline: Any) -> tuple[Any, dict[str, Any]]:
    """(what fills the input pipeline, the losses of one batch)."""
    config = pipeline.train_config
    model = model_builder.build(pipeline.model, is_training=True)
    dataset = inputs.train_input(
        train_config=config, train_input_config=pipeline.train_input_reader, model_config=pipeline.model, model=model
    )
    iterator = tf.data.make_initializable_iterator(dataset)
    features, labels = iterator.get_next()
    unstacked = model_lib.unstack_batch(labels, unpad_groundtruth_tensors=config.unpad_groundtruth_tensors)
    model_lib.provide_groundtruth(model, unstacked)
    shapes = features[InputDataFields.true_image_shape]
    predictions = model.predict(features[InputDataFields.image], shapes)
    parts = grouped(model.loss(predictions, shapes))
    if config.add_regularization_loss:
        parts["regularization"] = tf.add_n([*model.regularization_losses(), tf.constant(0.0)])
    return iterator.initializer, {"total": tf.add_n(list(parts.values())), **parts}


def grouped(losses: dict[str, Any]) -> dict[str, Any]:
    """The API's losses under the names of the events; those of both stages of Faster R-CNN are added up."""
    kinds = {"localization": [], "classification": []}  # type: dict[str, list[Any]]
    for name, value in losses.items():
        kinds["localization" if name.endswith("localization_loss") else "classification"].append(value)
    return {kind: tf.add_n(values) for kind, values in kinds.items()}


def build_update(config: Any, optimizer: Any, total: Any, step: Any) -> Any:
    """One step of the optimizer on the variables that are not frozen, with the moving averages of batch norm."""
    chosen = tf_slim.filter_variables(
        tf.trainable_variables(),
        include_patterns=list(config.update_trainable_variables) or None,
        exclude_patterns=list(config.freeze_variables) or None,
    )
    if not chosen:
        raise EngineError(
            "nothing_to_train", "Every variable of the model is frozen; take something out of freeze_variables."
        )
    pairs = [pair for pair in optimizer.compute_gradients(total, chosen) if pair[0] is not None]
    if config.bias_grad_multiplier:
        pairs = variables_helper.multiply_gradients_matching_regex(
            pairs, [".*/biases"], multiplier=config.bias_grad_multiplier
        )
    gradients, variables = zip(*pairs, strict=True)
    if config.gradient_clipping_by_norm > 0:
        gradients, _ = tf.clip_by_global_norm(gradients, config.gradient_clipping_by_norm)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return optimizer.apply_gradients(list(zip(gradients, variables, strict=True)), global_step=step)


def make_saver(config: Any, optimizer: Any, keep: int) -> Any:
    """Saves all there is; with moving averages of the weights, those stand under the weights' own names."""
    if config.optimizer.use_moving_average:
        return optimizer.swapping_saver(max_to_keep=keep)
    return tf.train.Saver(tf.global_variables(), max_to_keep=keep)
