import numpy as np
import pytest
from pycocotools import mask

from detections.metrics.table import pairwise_iou


def test_iou_equals_pycocotools():
    rng = np.random.default_rng(3)
    first, second = (np.sort(rng.uniform(0, 100, (n, 2, 2)), axis=1).reshape(n, 4) for n in (30, 20))
    expected = mask.iou(to_xywh(first), to_xywh(second), [0] * 20)
    assert pairwise_iou(first, second) == pytest.approx(expected, abs=1e-12)


def to_xywh(boxes):
    return np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])


def test_touching_and_empty_boxes_do_not_overlap():
    boxes = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [5, 5, 5, 5]], float)
    assert pairwise_iou(boxes, boxes).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_no_boxes():
    assert pairwise_iou(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)
