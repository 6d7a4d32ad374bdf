"""What all single-shot detectors have in common. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import SIGMOID, fill_square, fill_suppression

BIAS = -4.6  # every anchor starts at a score of 0.01, as focal loss wants


def fill_common(ssd: Any, wanted: Wanted) -> None:
    """Boxes as offsets from anchors, matching at an IoU of 0.5, and the limits that follow from the data."""
    ssd.num_classes = wanted.classes
    ssd.inplace_batchnorm_update = True
    ssd.freeze_batchnorm = wanted.frozen_batch_norm
    ssd.encode_background_as_zeros = True
    ssd.normalize_loss_by_num_matches = True
    ssd.normalize_loc_loss_by_codesize = True
    coder = ssd.box_coder.faster_rcnn_box_coder
    coder.y_scale = coder.x_scale = 10.0
    coder.height_scale = coder.width_scale = 5.0
    matcher = ssd.matcher.argmax_matcher
    matcher.matched_threshold = matcher.unmatched_threshold = 0.5
    matcher.ignore_thresholds = False
    matcher.negatives_lower_than_unmatched = True
    matcher.force_match_for_each_row = True
    matcher.use_matmul_gather = True
    ssd.similarity_calculator.iou_similarity.SetInParent()
    fill_square(ssd.image_resizer, wanted.size)


def fill_losses(ssd: Any, wanted: Wanted, alpha: float = 0.25, gamma: float = 2.0, iou: float = 0.6) -> None:
    """Focal loss on the classes, the published smooth L1 on the boxes, suppression at an IoU of `iou`."""
    focal = ssd.loss.classification_loss.weighted_sigmoid_focal
    focal.alpha, focal.gamma = alpha, gamma
    ssd.loss.localization_loss.weighted_smooth_l1.SetInParent()
    ssd.loss.classification_weight = ssd.loss.localization_weight = 1.0
    fill_suppression(ssd.post_processing, iou, 1e-8, wanted.detections, SIGMOID)


def fill_tight_boxes(ssd: Any) -> None:
    """Smooth L1 that turns linear at a tenth of the published distance, weighed ten times.

    A box far off pulls as before, one that is nearly right ten times as hard: with the published loss an error below a
    tenth of the anchor hardly counts beside the classes. docs/results.md has what it brought.
    """
    ssd.loss.localization_loss.weighted_smooth_l1.delta = 0.1
    ssd.loss.localization_weight = 10.0
