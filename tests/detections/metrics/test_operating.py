from detections.metrics.operating import best_point, point_at
from detections.metrics.values import OperatingPoint, Outcome

HIT, NOTHING = Outcome.TRUE_POSITIVE, Outcome.BACKGROUND


def test_point_at_counts_boxes_from_the_threshold_on():
    judged = [(HIT, 0.9), (NOTHING, 0.5), (HIT, 0.49)]
    assert point_at(judged, 4, 0.5) == OperatingPoint(score=0.5, precision=0.5, recall=0.25, f1=2 / 6)


def test_point_without_boxes_or_objects():
    assert point_at([], 3, 0.5) == OperatingPoint(score=0.5, precision=None, recall=0.0, f1=0.0)
    assert point_at([(NOTHING, 0.9)], 0, 0.5) == OperatingPoint(score=0.5, precision=0.0, recall=None, f1=None)


def test_best_point_tries_every_score():
    judged = [(HIT, 0.9), (NOTHING, 0.8), (HIT, 0.7), (NOTHING, 0.2)]
    assert best_point(judged, 2) == OperatingPoint(score=0.7, precision=2 / 3, recall=1.0, f1=0.8)


def test_boxes_of_equal_score_come_in_together():
    judged = [(HIT, 0.6), (NOTHING, 0.6), (NOTHING, 0.6)]
    assert best_point(judged, 1) == OperatingPoint(score=0.6, precision=1 / 3, recall=1.0, f1=0.5)


def test_of_equal_f1_the_higher_threshold_wins():
    judged = [(HIT, 0.9), (NOTHING, 0.8), (NOTHING, 0.7), (HIT, 0.6)]
    found = best_point(judged, 2)
    assert found is not None and found.score == 0.9  # F1 2/3 at 0.9 and at 0.6


def test_no_best_point_without_a_hit():
    assert best_point([(NOTHING, 0.9)], 3) is None
    assert best_point([], 3) is None
    assert best_point([(HIT, 0.9)], 0) is None
