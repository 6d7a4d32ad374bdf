"""Faster R-CNN on ResNet, with and without a feature pyramid, and on Inception-ResNet. Needs `compat.apply()` first.

Published for TPUs, these detectors use shapes fixed in advance and matrix products for cropping; on processors and GPUs
both only cost memory, so they are left out here. The weights are the same.
"""

from __future__ import annotations

from typing import Any

from object_detection.protos import hyperparams_pb2

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    SOFTMAX,
    batch_norm_decay,
    fill_hyperparams,
    fill_multiscale_anchors,
    fill_square,
    fill_suppression,
    fill_truncated_normal,
)

PROPOSALS = 300
LEVELS = (2, 6)
STRIDE = {"faster_rcnn_inception_resnet_v2_keras": 8}
CROPS = {"faster_rcnn_inception_resnet_v2_keras": (17, 1)}  # (side of a crop, pooling); others 14 and 2
FC, CONV = hyperparams_pb2.Hyperparams.FC, hyperparams_pb2.Hyperparams.CONV


def fill(model: Any, wanted: Wanted) -> None:
    """A first stage that proposes boxes and a second that classifies and refines each of them."""
    rcnn = model.faster_rcnn
    rcnn.num_classes = wanted.classes
    fill_square(rcnn.image_resizer, wanted.size)
    fill_extractor(rcnn.feature_extractor, wanted)
    fill_first_stage(rcnn, wanted)
    fill_second_stage(rcnn, wanted)


def fill_extractor(extractor: Any, wanted: Wanted) -> None:
    extractor.type = wanted.preset.feature_extractor
    extractor.batch_norm_trainable = not wanted.frozen_batch_norm
    if has_pyramid(wanted):
        extractor.fpn.min_level, extractor.fpn.max_level = LEVELS
        extractor.override_base_feature_extractor_hyperparams = True
        fill_hyperparams(extractor.conv_hyperparams, batch_norm_decay(wanted.steps), l2=0.0004)
        fill_truncated_normal(extractor.conv_hyperparams)


def fill_first_stage(rcnn: Any, wanted: Wanted) -> None:
    if has_pyramid(wanted):
        fill_multiscale_anchors(rcnn.first_stage_anchor_generator, LEVELS, scales_per_octave=2)
        rcnn.first_stage_anchor_generator.multiscale_anchor_generator.normalize_coordinates = False
    else:
        anchors = rcnn.first_stage_anchor_generator.grid_anchor_generator
        anchors.scales[:] = [0.25, 0.5, 1.0, 2.0]
        anchors.aspect_ratios[:] = [0.5, 1.0, 2.0]
        anchors.height_stride = anchors.width_stride = STRIDE.get(wanted.preset.name, 16)
    convolution = rcnn.first_stage_box_predictor_conv_hyperparams
    convolution.op = CONV
    convolution.regularizer.l2_regularizer.weight = 0.0
    fill_truncated_normal(convolution, stddev=0.01)
    rcnn.first_stage_nms_score_threshold = 0.0
    rcnn.first_stage_nms_iou_threshold = 0.7
    rcnn.first_stage_max_proposals = max(PROPOSALS, wanted.detections)
    rcnn.first_stage_localization_loss_weight = 2.0
    rcnn.first_stage_objectness_loss_weight = 1.0
    rcnn.clip_anchors_to_image = True
    rcnn.use_matmul_gather_in_matcher = True


def fill_second_stage(rcnn: Any, wanted: Wanted) -> None:
    rcnn.initial_crop_size, pooling = CROPS.get(wanted.preset.name, (14, 2))
    rcnn.maxpool_kernel_size = rcnn.maxpool_stride = pooling
    predictor = rcnn.second_stage_box_predictor.mask_rcnn_box_predictor
    predictor.use_dropout = False
    predictor.share_box_across_classes = True
    predictor.fc_hyperparams.op = FC
    predictor.fc_hyperparams.regularizer.l2_regularizer.weight = 0.0
    initializer = predictor.fc_hyperparams.initializer.variance_scaling_initializer
    initializer.factor, initializer.uniform = 1.0, True
    initializer.mode = hyperparams_pb2.VarianceScalingInitializer.FAN_AVG
    fill_suppression(rcnn.second_stage_post_processing, 0.6, 0.0, wanted.detections, SOFTMAX)
    rcnn.second_stage_localization_loss_weight = 2.0
    rcnn.second_stage_classification_loss_weight = 1.0


def has_pyramid(wanted: Wanted) -> bool:
    return "_fpn_" in wanted.preset.feature_extractor
