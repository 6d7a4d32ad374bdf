"""Intersection over union."""

from __future__ import annotations

import numpy as np

from detections.metrics.values import Boxes


def pairwise_iou(first: Boxes, second: Boxes) -> Boxes:
    """IoU of every box of `first` [N, 4] with every box of `second` [M, 4] -> [N, M].

    Edges are continuous coordinates, as in COCO: a box from 10 to 60 is 50 wide. Boxes without area have IoU 0.
    """
    corner_1 = np.maximum(first[:, None, :2], second[None, :, :2])
    corner_2 = np.minimum(first[:, None, 2:], second[None, :, 2:])
    overlap = np.prod(np.clip(corner_2 - corner_1, 0.0, None), axis=2)
    union = area(first)[:, None] + area(second)[None, :] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def area(boxes: Boxes) -> Boxes:
    """Area of each box [N, 4] -> [N], in square pixels."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
