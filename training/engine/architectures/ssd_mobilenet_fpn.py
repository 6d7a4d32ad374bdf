"""Single-shot detectors on MobileNet with a feature pyramid over levels 3 to 7. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    batch_norm_decay,
    fill_hyperparams,
    fill_multiscale_anchors,
    fill_normal,
    multiplier_for,
)
from training.engine.architectures.ssd import BIAS, fill_common, fill_losses, fill_tight_boxes

LEVELS = (3, 7)
# Keras' own MobileNets round channels to multiples of 8 with a least of 8. With the usual 16 the early layers of a
# narrow network would differ, and ImageNet weights would not fit them.
LEAST_DEPTH = 8
NARROW = 0.5  # networks up to this width get a pyramid of half the published depth


def fill(model: Any, wanted: Wanted) -> None:
    """One predictor shared by all levels. On V2 everything is depthwise ("lite") and half as deep."""
    lite = "mobilenet_v2" in wanted.preset.feature_extractor
    depth = 128 if lite or wanted.depth_multiplier <= NARROW else 256
    decay = batch_norm_decay(wanted.steps)
    fill_common(model.ssd, wanted)
    fill_multiscale_anchors(model.ssd.anchor_generator, LEVELS, scales_per_octave=2)
    fill_extractor(model.ssd.feature_extractor, wanted, depth, lite, decay)
    fill_predictor(model.ssd.box_predictor.weight_shared_convolutional_box_predictor, depth, lite, decay)
    fill_losses(model.ssd, wanted)
    fill_tight_boxes(model.ssd)


def fill_extractor(extractor: Any, wanted: Wanted, depth: int, lite: bool, decay: float) -> None:
    extractor.type = wanted.preset.feature_extractor
    extractor.depth_multiplier = multiplier_for(extractor.type, wanted.depth_multiplier)
    extractor.min_depth = LEAST_DEPTH
    extractor.use_depthwise = lite
    extractor.override_base_feature_extractor_hyperparams = True
    extractor.fpn.min_level, extractor.fpn.max_level = LEVELS
    extractor.fpn.additional_layer_depth = depth
    fill_hyperparams(extractor.conv_hyperparams, decay)
    fill_normal(extractor.conv_hyperparams)


def fill_predictor(predictor: Any, depth: int, lite: bool, decay: float) -> None:
    predictor.depth = depth
    predictor.kernel_size = 3
    predictor.num_layers_before_predictor = 4
    predictor.class_prediction_bias_init = BIAS
    predictor.share_prediction_tower = lite
    predictor.use_depthwise = lite
    fill_hyperparams(predictor.conv_hyperparams, decay)
    fill_normal(predictor.conv_hyperparams)
