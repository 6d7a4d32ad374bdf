"""Single-shot detectors on MobileNet V1 and V2 without a feature pyramid. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    batch_norm_decay,
    fill_hyperparams,
    fill_normal,
    fill_truncated_normal,
    multiplier_for,
)
from training.engine.architectures.ssd import BIAS, fill_common, fill_losses

BATCH_NORM_DECAY = 0.97
LEAST_DEPTH = 8  # as Keras' own MobileNets have it, so that their weights fit narrow networks too


def fill(model: Any, wanted: Wanted) -> None:
    """Six feature maps, each with its own predictor."""
    ssd = model.ssd
    decay = batch_norm_decay(wanted.steps, BATCH_NORM_DECAY)
    fill_common(ssd, wanted)
    fill_anchors(ssd.anchor_generator.ssd_anchor_generator)
    extractor = ssd.feature_extractor
    extractor.type = wanted.preset.feature_extractor
    extractor.depth_multiplier = multiplier_for(extractor.type, wanted.depth_multiplier)
    extractor.min_depth = LEAST_DEPTH
    extractor.override_base_feature_extractor_hyperparams = True
    fill_hyperparams(extractor.conv_hyperparams, decay)
    fill_truncated_normal(extractor.conv_hyperparams)
    fill_predictor(ssd.box_predictor.convolutional_box_predictor, decay)
    fill_losses(ssd, wanted, alpha=0.75)


def fill_anchors(anchors: Any) -> None:
    """Boxes of a fifth of the image up to nearly all of it."""
    anchors.num_layers = 6
    anchors.min_scale, anchors.max_scale = 0.2, 0.95
    anchors.aspect_ratios[:] = [1.0, 2.0, 0.5, 3.0, 0.3333]


def fill_predictor(predictor: Any, decay: float) -> None:
    predictor.min_depth = predictor.max_depth = 0
    predictor.num_layers_before_predictor = 0
    predictor.use_dropout = False
    predictor.kernel_size = 1
    predictor.box_code_size = 4
    predictor.apply_sigmoid_to_scores = False
    predictor.class_prediction_bias_init = BIAS
    fill_hyperparams(predictor.conv_hyperparams, decay)
    fill_normal(predictor.conv_hyperparams)
