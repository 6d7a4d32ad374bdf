"""EfficientDet D0 to D7 (Tan and others, arXiv 1911.09070): EfficientNet with a bidirectional feature pyramid.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    SWISH,
    batch_norm_decay,
    fill_hyperparams,
    fill_multiscale_anchors,
    fill_normal,
    fill_truncated_normal,
)
from training.engine.architectures.ssd import BIAS, fill_common, fill_losses

LEVELS = (3, 7)
BATCH_NORM_DECAY = 0.99


@dataclass(frozen=True)
class Scale:
    """Channels and repetitions of the pyramid, layers of the predictor; `combine` adds inputs weighted or plainly."""

    filters: int
    iterations: int
    layers: int
    combine: str = "fast_attention"


SCALES = {
    "efficientdet_d0": Scale(64, 3, 3),
    "efficientdet_d1": Scale(88, 4, 3),
    "efficientdet_d2": Scale(112, 5, 3),
    "efficientdet_d3": Scale(160, 6, 4),
    "efficientdet_d4": Scale(224, 7, 4),
    "efficientdet_d5": Scale(288, 7, 4),
    "efficientdet_d6": Scale(384, 8, 5, "sum"),
    "efficientdet_d7": Scale(384, 8, 5, "sum"),
}


def fill(model: Any, wanted: Wanted) -> None:
    """One depthwise predictor shared by all levels, without a class for the background."""
    ssd, scale = model.ssd, SCALES[wanted.preset.name]
    decay = batch_norm_decay(wanted.steps, BATCH_NORM_DECAY)
    fill_common(ssd, wanted)
    ssd.add_background_class = False
    fill_multiscale_anchors(ssd.anchor_generator, LEVELS, scales_per_octave=3)
    extractor = ssd.feature_extractor
    extractor.type = wanted.preset.feature_extractor
    extractor.bifpn.min_level, extractor.bifpn.max_level = LEVELS
    extractor.bifpn.num_iterations = scale.iterations
    extractor.bifpn.num_filters = scale.filters
    extractor.bifpn.combine_method = scale.combine
    fill_swish(extractor.conv_hyperparams, decay)
    fill_truncated_normal(extractor.conv_hyperparams)
    fill_predictor(ssd.box_predictor.weight_shared_convolutional_box_predictor, scale, decay)
    fill_losses(ssd, wanted, gamma=1.5, iou=0.5)


def fill_predictor(predictor: Any, scale: Scale, decay: float) -> None:
    predictor.depth = scale.filters
    predictor.kernel_size = 3
    predictor.num_layers_before_predictor = scale.layers
    predictor.class_prediction_bias_init = BIAS
    predictor.use_depthwise = True
    fill_swish(predictor.conv_hyperparams, decay)
    fill_normal(predictor.conv_hyperparams)


def fill_swish(hyperparams: Any, decay: float) -> None:
    fill_hyperparams(hyperparams, decay, activation=SWISH)
    hyperparams.force_use_bias = True
