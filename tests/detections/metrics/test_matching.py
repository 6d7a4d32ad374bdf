"""The outcome of single boxes, and what holds for all of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from detections.metrics.matching import OUTCOMES, counted, match, missed_at
from detections.metrics.table import make_table
from detections.metrics.values import ImageResult, Outcome
from tests.detections.metrics.scenes import random_scene

OBJECT = (1, 0, 0, 100, 100)


def outcomes(truths, predictions, iou=0.5):
    """Of the boxes by falling score, then "missed" for each object nobody found."""
    table = make_table([ImageResult.build(1, truths, predictions)])
    found = match(table, iou)
    return [OUTCOMES[number] for number in found.outcome] + [Outcome.MISSED] * int((found.box < 0).sum())


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ((1, 0.9, 0, 0, 100, 100), [Outcome.TRUE_POSITIVE]),
        ((1, 0.9, 0, 0, 100, 50), [Outcome.TRUE_POSITIVE]),  # IoU exactly 0.5
        ((1, 0.9, 0, 0, 100, 49), [Outcome.POOR_BOX, Outcome.MISSED]),
        ((1, 0.9, 0, 0, 100, 10), [Outcome.POOR_BOX, Outcome.MISSED]),  # IoU exactly 0.1
        ((1, 0.9, 0, 0, 100, 9), [Outcome.BACKGROUND, Outcome.MISSED]),
        ((2, 0.9, 0, 0, 100, 100), [Outcome.WRONG_CLASS, Outcome.MISSED]),
        ((2, 0.9, 0, 0, 100, 49), [Outcome.BOTH, Outcome.MISSED]),
        ((2, 0.9, 0, 0, 100, 10), [Outcome.BACKGROUND, Outcome.MISSED]),  # IoU exactly 0.1 with another class
        ((1, 0.9, 500, 500, 600, 600), [Outcome.BACKGROUND, Outcome.MISSED]),
    ],
)
def test_one_object_one_box(predicted, expected):
    assert outcomes([OBJECT], [predicted]) == expected


def test_five_boxes_on_one_object_are_one_hit_and_four_duplicates():
    predictions = [(1, score, 0, 0, 100, 100) for score in (0.5, 0.9, 0.7, 0.6, 0.8)]
    assert outcomes([OBJECT], predictions) == [Outcome.TRUE_POSITIVE, *[Outcome.DUPLICATE] * 4]
    table = make_table([ImageResult.build(1, [OBJECT], predictions)])
    assert table.scores[match(table).box].tolist() == [0.9]


def test_right_class_is_never_robbed_by_a_better_scored_wrong_class():
    predictions = [(2, 0.99, 0, 0, 100, 100), (1, 0.3, 0, 0, 100, 100)]
    assert outcomes([OBJECT], predictions) == [Outcome.WRONG_CLASS, Outcome.TRUE_POSITIVE]


def test_box_takes_a_free_object_before_it_counts_as_duplicate():
    truths = [OBJECT, (1, 20, 0, 120, 100)]
    predictions = [(1, 0.9, 0, 0, 100, 100), (1, 0.8, 5, 0, 105, 100)]
    assert outcomes(truths, predictions) == [Outcome.TRUE_POSITIVE, Outcome.TRUE_POSITIVE]


def test_of_equal_fits_the_last_object_is_taken_as_pycocotools_does():
    table = make_table([ImageResult.build(1, [OBJECT, OBJECT], [(1, 0.9, 0, 0, 100, 100)])])
    assert match(table).truth.tolist() == [1]


def test_higher_iou_turns_a_hit_into_a_poor_box():
    assert outcomes([OBJECT], [(1, 0.9, 0, 0, 100, 60)], iou=0.6) == [Outcome.TRUE_POSITIVE]
    assert outcomes([OBJECT], [(1, 0.9, 0, 0, 100, 60)], iou=0.65) == [Outcome.POOR_BOX, Outcome.MISSED]


def test_missed_objects_that_a_wrong_box_points_at():
    truths = [OBJECT, (2, 200, 0, 300, 100), (1, 400, 0, 500, 100)]
    predictions = [(1, 0.9, 0, 0, 100, 40), (1, 0.8, 200, 0, 300, 100)]
    assert match(make_table([ImageResult.build(1, truths, predictions)])).pointed_at.tolist() == [True, True, False]


def test_at_most_a_hundred_boxes_of_an_image_count():
    predictions = [(1, 0.5, 300, 300, 310, 310)] * 100 + [(1, 0.4, 0, 0, 100, 100)]
    assert Counter(outcomes([OBJECT], predictions)) == {Outcome.BACKGROUND: 100, Outcome.MISSED: 1}


def test_empty_image():
    assert outcomes([], []) == []
    assert len(match(make_table([])).outcome) == 0


@pytest.mark.parametrize("seed", range(4))
def test_every_box_has_one_outcome_and_every_object_is_found_or_missed(seed):
    table = make_table(random_scene(seed))
    found = match(table)
    hits = OUTCOMES.index(Outcome.TRUE_POSITIVE)
    assert (found.outcome == hits).sum() == (found.truth >= 0).sum() == (found.box >= 0).sum()
    assert (found.truth[found.box[found.box >= 0]] == np.flatnonzero(found.box >= 0)).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou", [0.5, 0.75])
def test_raising_the_threshold_changes_no_other_outcome(seed, iou):
    """Matching only boxes above 0.5 gives what matching all of them says of those."""
    images = random_scene(seed)
    table, some = make_table(images), make_table([only_above(image, 0.5) for image in images])
    every, alone = match(table, iou), match(some, iou)
    limit = counted(table, 0.5)
    assert limit == len(some)
    assert every.outcome[:limit].tolist() == alone.outcome.tolist()
    assert missed_at(table, every, 0.5).tolist() == (alone.box < 0).tolist()


def only_above(image: ImageResult, score: float) -> ImageResult:
    high = image.scores >= score
    boxes = image.boxes[high], image.classes[high], image.scores[high]
    return ImageResult(image.image_id, image.true_boxes, image.true_classes, *boxes)
