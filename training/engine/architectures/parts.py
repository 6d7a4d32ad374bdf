"""Blocks that several detectors share. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from object_detection.protos import hyperparams_pb2, post_processing_pb2

RELU_6, SWISH = hyperparams_pb2.Hyperparams.RELU_6, hyperparams_pb2.Hyperparams.SWISH
SIGMOID, SOFTMAX = post_processing_pb2.PostProcessing.SIGMOID, post_processing_pb2.PostProcessing.SOFTMAX
L2_WEIGHT = 0.00004
MAX_BATCH_NORM_DECAY = 0.997


def batch_norm_decay(steps: int, most: float = MAX_BATCH_NORM_DECAY) -> float:
    """How much of the moving mean and variance stays at each step: they span a twentieth of the run.

    The zoo's 0.997 is made for runs of tens of thousands of steps. In one of 600 it would leave a sixth of the
    starting values in the averages that detection uses, and the model would look far worse than it is. `most` is the
    published value of the family.
    """
    return min(most, max(0.9, 1.0 - 20.0 / max(1, steps)))


def multiplier_for(extractor: str, width: float) -> float:
    """The depth multiplier by which a network gets so wide.

    The library multiplies the channels of TensorFlow 2's MobileNet V1 twice, once in Keras and once in its own layers.
    """
    return width**0.5 if is_mobilenet_v1(extractor) else width


def width_for(extractor: str, multiplier: float) -> float:
    """The inverse of `multiplier_for`, for comparing with the widths of Keras' networks."""
    return round(multiplier**2, 4) if is_mobilenet_v1(extractor) else multiplier


def is_mobilenet_v1(extractor: str) -> bool:
    return "mobilenet_v1" in extractor and extractor.endswith("_keras")


def fill_hyperparams(hyperparams: Any, decay: float, activation: int = RELU_6, l2: float = L2_WEIGHT) -> None:
    """Activation, weight decay and batch normalisation of convolutions; the initializer is the caller's."""
    hyperparams.activation = activation
    hyperparams.regularizer.l2_regularizer.weight = l2
    hyperparams.batch_norm.scale = True
    hyperparams.batch_norm.decay = decay
    hyperparams.batch_norm.epsilon = 0.001


def fill_normal(hyperparams: Any) -> None:
    hyperparams.initializer.random_normal_initializer.stddev = 0.01
    hyperparams.initializer.random_normal_initializer.mean = 0.0


def fill_truncated_normal(hyperparams: Any, stddev: float = 0.03) -> None:
    hyperparams.initializer.truncated_normal_initializer.stddev = stddev
    hyperparams.initializer.truncated_normal_initializer.mean = 0.0


def fill_square(resizer: Any, size: int) -> None:
    """One fixed size for every image: batches need it, and so do exports."""
    resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = size


def fill_suppression(post_processing: Any, iou: float, score: float, detections: int, converter: int) -> None:
    """Non-maximum suppression; `detections` limits both one class and all of them together."""
    suppression = post_processing.batch_non_max_suppression
    suppression.score_threshold = score
    suppression.iou_threshold = iou
    suppression.max_detections_per_class = suppression.max_total_detections = detections
    post_processing.score_converter = converter


def fill_multiscale_anchors(generator: Any, levels: tuple[int, int], scales_per_octave: int) -> None:
    """Anchors of four times the stride on every level of a feature pyramid, in three shapes."""
    anchors = generator.multiscale_anchor_generator
    anchors.min_level, anchors.max_level = levels
    anchors.anchor_scale = 4.0
    anchors.aspect_ratios[:] = [1.0, 2.0, 0.5]
    anchors.scales_per_octave = scales_per_octave
