import numpy as np

from detections.metrics.operating import sweep
from detections.metrics.values import OperatingPoint


def curve(judged, objects):
    """From (hit, score) of each box, by falling score."""
    return sweep(np.array([score for _, score in judged]), np.array([hit for hit, _ in judged], dtype=bool), objects)


def test_point_at_counts_boxes_from_the_threshold_on():
    found = curve([(True, 0.9), (False, 0.5), (True, 0.49)], 4)
    assert found.at(0.5) == OperatingPoint(score=0.5, precision=0.5, recall=0.25, f1=2 / 6)
    assert found.at(0.95) == OperatingPoint(score=0.95, precision=None, recall=0.0, f1=0.0)


def test_point_without_boxes_or_objects():
    assert curve([], 3).at(0.5) == OperatingPoint(score=0.5, precision=None, recall=0.0, f1=0.0)
    assert curve([(False, 0.9)], 0).at(0.5) == OperatingPoint(score=0.5, precision=0.0, recall=None, f1=None)


def test_best_point_tries_every_score():
    found = curve([(True, 0.9), (False, 0.8), (True, 0.7), (False, 0.2)], 2)
    assert found.best() == OperatingPoint(score=0.7, precision=2 / 3, recall=1.0, f1=0.8)


def test_boxes_of_equal_score_come_in_together():
    found = curve([(True, 0.6), (False, 0.6), (False, 0.6)], 1)
    assert found.best() == OperatingPoint(score=0.6, precision=1 / 3, recall=1.0, f1=0.5)
    assert found.scores.tolist() == [0.6]


def test_of_equal_f1_the_higher_threshold_wins():
    best = curve([(True, 0.9), (False, 0.8), (False, 0.7), (True, 0.6)], 2).best()
    assert best is not None and best.score == 0.9  # F1 2/3 at 0.9 and at 0.6


def test_no_best_point_without_a_hit():
    assert curve([(False, 0.9)], 3).best() is None
    assert curve([], 3).best() is None
    assert curve([(True, 0.9)], 0).best() is None
