"""Faster R-CNN on Inception V2 and ResNet, as the tutorials of TensorFlow 1 used them.

The values are those of the published configs, faster_rcnn_inception_v2_coco and its siblings, so that the weights of
the zoo fit, except for the size: every image becomes a square, as batches and exports want it.
Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

from training.engine.architectures import faster_rcnn
from training.engine.architectures.detector import Wanted

STRIDE = 16


def fill(model: Any, wanted: Wanted) -> None:
    """The detector of TensorFlow 2 of that name, with one box for each class and the stride of 2017."""
    faster_rcnn.fill(model, wanted)
    rcnn = model.faster_rcnn
    rcnn.feature_extractor.first_stage_features_stride = STRIDE
    rcnn.clip_anchors_to_image = False
    rcnn.use_matmul_gather_in_matcher = False
    rcnn.second_stage_box_predictor.mask_rcnn_box_predictor.share_box_across_classes = False
