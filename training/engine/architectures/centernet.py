"""CenterNet (Zhou and others, arXiv 1904.07850): boxes as centres of a heat map, without anchors.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.parts import fill_square

#: Pixel statistics the hourglass was trained with, in the order blue, green, red.
HOURGLASS_MEANS = (104.01362025, 114.03422265, 119.9165958)
HOURGLASS_DEVIATIONS = (73.6027665, 69.89082075, 70.9150767)


def fill(model: Any, wanted: Wanted) -> None:
    """One heat map a class, with the offset and the size of the box at each peak."""
    net = model.center_net
    net.num_classes = wanted.classes
    fill_square(net.image_resizer, wanted.size)
    fill_extractor(net, wanted)
    task = net.object_detection_task
    task.task_loss_weight = task.offset_loss_weight = 1.0
    task.scale_loss_weight = 0.1
    task.localization_loss.l1_localization_loss.SetInParent()
    centres = net.object_center_params
    centres.object_center_loss_weight = 1.0
    centres.min_box_overlap_iou = 0.7
    centres.max_box_predictions = wanted.detections
    focal = centres.classification_loss.penalty_reduced_logistic_focal_loss
    focal.alpha, focal.beta = 2.0, 4.0


def fill_extractor(net: Any, wanted: Wanted) -> None:
    kind = wanted.preset.feature_extractor
    net.feature_extractor.type = kind
    if kind.startswith("hourglass"):
        net.feature_extractor.bgr_ordering = True
        net.feature_extractor.channel_means[:] = HOURGLASS_MEANS
        net.feature_extractor.channel_stds[:] = HOURGLASS_DEVIATIONS
    if kind.startswith("mobilenet"):
        net.use_depthwise = True
        net.feature_extractor.use_separable_conv = True
        net.feature_extractor.depth_multiplier = wanted.depth_multiplier
