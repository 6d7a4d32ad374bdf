"""SSD on Inception V2 and on MobileNet V1 and V2, as the tutorials of TensorFlow 1 used them.

The values are those of the published configs, ssd_inception_v2_coco and its two siblings, so that the weights of the
zoo fit. Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

from object_detection.protos import losses_pb2

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import (
    SIGMOID,
    batch_norm_decay,
    fill_hyperparams,
    fill_square,
    fill_suppression,
    fill_truncated_normal,
)

BATCH_NORM_DECAY = 0.9997
MIN_DEPTH = 16
KERNELS = {"ssd_inception_v2": 3}  # of the box predictor; 1 for the MobileNets
NEGATIVES = {"ssd_mobilenet_v2": 3}  # least number of mined negatives an image gives; 0 for the others


def fill(model: Any, wanted: Wanted) -> None:
    """Six feature maps of a slim network, a plain predictor on each, and only the hardest negatives in the loss."""
    ssd = model.ssd
    fill_boxes(ssd, wanted)
    fill_extractor(ssd.feature_extractor, wanted)
    fill_predictor(ssd.box_predictor.convolutional_box_predictor, wanted)
    fill_loss(ssd.loss, wanted)
    fill_suppression(ssd.post_processing, 0.6, 1e-8, wanted.detections, SIGMOID)


def fill_boxes(ssd: Any, wanted: Wanted) -> None:
    """Classes, size, anchors and how boxes are matched with them."""
    ssd.num_classes = wanted.classes
    ssd.freeze_batchnorm = wanted.frozen_batch_norm
    ssd.normalize_loss_by_num_matches = True
    fill_square(ssd.image_resizer, wanted.size)
    coder = ssd.box_coder.faster_rcnn_box_coder
    coder.y_scale = coder.x_scale = 10.0
    coder.height_scale = coder.width_scale = 5.0
    matcher = ssd.matcher.argmax_matcher
    matcher.matched_threshold = matcher.unmatched_threshold = 0.5
    matcher.ignore_thresholds = False
    matcher.negatives_lower_than_unmatched = True
    matcher.force_match_for_each_row = True
    ssd.similarity_calculator.iou_similarity.SetInParent()
    anchors = ssd.anchor_generator.ssd_anchor_generator
    anchors.num_layers = 6
    anchors.min_scale, anchors.max_scale = 0.2, 0.95
    anchors.aspect_ratios[:] = [1.0, 2.0, 0.5, 3.0, 0.3333]


def fill_extractor(extractor: Any, wanted: Wanted) -> None:
    extractor.type = wanted.preset.feature_extractor
    extractor.min_depth = MIN_DEPTH
    extractor.depth_multiplier = wanted.depth_multiplier
    # Inception V2 refuses to be built without it; for the others it makes the decay below count.
    extractor.override_base_feature_extractor_hyperparams = True
    fill_hyperparams(extractor.conv_hyperparams, batch_norm_decay(wanted.steps, BATCH_NORM_DECAY))
    fill_truncated_normal(extractor.conv_hyperparams)


def fill_predictor(predictor: Any, wanted: Wanted) -> None:
    predictor.min_depth = predictor.max_depth = 0
    predictor.num_layers_before_predictor = 0
    predictor.use_dropout = False
    predictor.kernel_size = KERNELS.get(wanted.preset.name, 1)
    predictor.box_code_size = 4
    predictor.apply_sigmoid_to_scores = False
    fill_hyperparams(predictor.conv_hyperparams, batch_norm_decay(wanted.steps, BATCH_NORM_DECAY))
    fill_truncated_normal(predictor.conv_hyperparams)


def fill_loss(loss: Any, wanted: Wanted) -> None:
    """Sigmoid on the classes, smooth L1 on the boxes; three negatives for each positive, the worst of them."""
    loss.classification_loss.weighted_sigmoid.SetInParent()
    loss.localization_loss.weighted_smooth_l1.SetInParent()
    loss.classification_weight = loss.localization_weight = 1.0
    miner = loss.hard_example_miner
    miner.num_hard_examples = 3000
    miner.iou_threshold = 0.99
    miner.loss_type = losses_pb2.HardExampleMiner.CLASSIFICATION
    miner.max_negatives_per_positive = 3
    miner.min_negatives_per_image = NEGATIVES.get(wanted.preset.name, 0)
