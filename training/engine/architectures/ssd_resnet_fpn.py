"""Single-shot detectors on ResNet with a feature pyramid, known as RetinaNet. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    batch_norm_decay,
    fill_hyperparams,
    fill_multiscale_anchors,
    fill_normal,
    fill_truncated_normal,
)
from training.engine.architectures.ssd import BIAS, fill_common, fill_losses

LEVELS = (3, 7)
L2_WEIGHT = 0.0004
DEPTH = 256


def fill(model: Any, wanted: Wanted) -> None:
    """Full convolutions of 256 channels, one predictor shared by all levels."""
    ssd = model.ssd
    decay = batch_norm_decay(wanted.steps)
    fill_common(ssd, wanted)
    fill_multiscale_anchors(ssd.anchor_generator, LEVELS, scales_per_octave=2)
    extractor = ssd.feature_extractor
    extractor.type = wanted.preset.feature_extractor
    extractor.min_depth, extractor.depth_multiplier = 16, 1.0
    extractor.override_base_feature_extractor_hyperparams = True
    extractor.fpn.min_level, extractor.fpn.max_level = LEVELS
    fill_hyperparams(extractor.conv_hyperparams, decay, l2=L2_WEIGHT)
    fill_truncated_normal(extractor.conv_hyperparams)
    fill_predictor(ssd.box_predictor.weight_shared_convolutional_box_predictor, decay)
    fill_losses(ssd, wanted)


def fill_predictor(predictor: Any, decay: float) -> None:
    predictor.depth = DEPTH
    predictor.kernel_size = 3
    predictor.num_layers_before_predictor = 4
    predictor.class_prediction_bias_init = BIAS
    fill_hyperparams(predictor.conv_hyperparams, decay, l2=L2_WEIGHT)
    fill_normal(predictor.conv_hyperparams)
