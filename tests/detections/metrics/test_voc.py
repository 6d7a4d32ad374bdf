"""VOC AP against cases solved by hand and against the Object Detection API's own evaluator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detections.metrics.table import make_table
from detections.metrics.values import ImageResult
from detections.metrics.voc import voc_precision
from tests.detections.metrics.oracles import object_detection_api_voc
from tests.detections.metrics.scenes import CLASSES, random_scene, untied

EXACT = (0, 0, 100, 100)


def voc(truths, predictions, difficult=None):
    return voc_precision(make_table([ImageResult.build(1, truths, predictions, difficult)]), [1])[1]


def test_solved_by_hand():
    """Three objects; hits at 0.9 and 0.7, a false positive at 0.8. The envelope is 1 up to recall 1/3 and 2/3 up to
    2/3: all-point (1 + 2/3) / 3. Of the eleven recalls four (0 to 0.3) have 1, three (0.4 to 0.6) have 2/3."""
    truths = [(1, *EXACT), (1, 200, 0, 300, 100), (1, 400, 0, 500, 100)]
    predictions = [(1, 0.9, *EXACT), (1, 0.8, 700, 0, 800, 100), (1, 0.7, 200, 0, 300, 100)]
    assert voc(truths, predictions) == pytest.approx(((4 + 3 * 2 / 3) / 11, (1 + 2 / 3) / 3), abs=1e-12)


def test_five_boxes_of_one_object_are_one_hit_and_four_false_positives():
    boxes = [(1, score, *EXACT) for score in (0.9, 0.8, 0.7, 0.6, 0.5)]
    truths = [(1, *EXACT), (1, 200, 0, 300, 100)]
    assert voc(truths, [*boxes, (1, 0.4, 200, 0, 300, 100)])[1] == pytest.approx((1 + 2 / 6) / 2)


def test_a_box_looks_only_at_the_object_it_fits_best():
    """COCO would give the second box the other object, which it fits well enough."""
    truths = [(1, *EXACT), (1, 20, 0, 120, 100)]
    assert voc(truths, [(1, 0.9, *EXACT), (1, 0.8, 5, 0, 105, 100)])[1] == pytest.approx(1 / 2)


def test_difficult_objects_and_their_boxes_are_left_out():
    truths = [(1, *EXACT), (1, 200, 0, 300, 100)]
    predictions = [(1, 0.9, 200, 0, 300, 100), (1, 0.8, *EXACT)]
    assert voc(truths, predictions, [False, True]) == pytest.approx((1.0, 1.0))


def test_nothing_but_difficult_objects_is_nothing_to_measure():
    assert voc([(1, *EXACT)], [(1, 0.9, *EXACT)], [True]) == (None, None)
    assert voc([(1, *EXACT)], []) == (0.0, 0.0)


def test_equals_the_object_detection_api():
    rng = np.random.default_rng(5)
    images = [
        replace(image, true_difficult=rng.random(len(image.true_classes)) < 0.2)
        for image in untied([image for seed in range(4) for image in random_scene(seed, images=15)])
    ]
    ours = voc_precision(make_table(images), CLASSES)
    expected = object_detection_api_voc(images, len(CLASSES))
    assert [ours[class_id][1] for class_id in CLASSES] == pytest.approx(expected, abs=1e-9)
