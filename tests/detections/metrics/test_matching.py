"""The outcome of single boxes, and what holds for all of them."""

from __future__ import annotations

from collections import Counter

import pytest

from detections.metrics.matching import match_image, match_images
from detections.metrics.values import ImageResult, Outcome
from tests.detections.metrics.scenes import random_scene

OBJECT = (1, 0, 0, 100, 100)


def outcomes(truths, predictions):
    return [row.outcome for row in match_image(ImageResult.build(1, truths, predictions))]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ((1, 0.9, 0, 0, 100, 100), [Outcome.TRUE_POSITIVE]),
        ((1, 0.9, 0, 0, 100, 50), [Outcome.TRUE_POSITIVE]),  # IoU exactly 0.5
        ((1, 0.9, 0, 0, 100, 49), [Outcome.POOR_BOX, Outcome.MISSED]),
        ((1, 0.9, 0, 0, 100, 10), [Outcome.POOR_BOX, Outcome.MISSED]),  # IoU exactly 0.1
        ((1, 0.9, 0, 0, 100, 9), [Outcome.BACKGROUND, Outcome.MISSED]),
        ((2, 0.9, 0, 0, 100, 100), [Outcome.WRONG_CLASS, Outcome.MISSED]),
        ((2, 0.9, 0, 0, 100, 49), [Outcome.BACKGROUND, Outcome.MISSED]),
        ((1, 0.9, 500, 500, 600, 600), [Outcome.BACKGROUND, Outcome.MISSED]),
    ],
)
def test_one_object_one_box(predicted, expected):
    assert outcomes([OBJECT], [predicted]) == expected


def test_five_boxes_on_one_object_are_one_hit_and_four_duplicates():
    predictions = [(1, score, 0, 0, 100, 100) for score in (0.5, 0.9, 0.7, 0.6, 0.8)]
    rows = list(match_image(ImageResult.build(1, [OBJECT], predictions)))
    assert [(row.outcome, row.score) for row in rows] == [
        (Outcome.TRUE_POSITIVE, 0.9),
        *((Outcome.DUPLICATE, score) for score in (0.8, 0.7, 0.6, 0.5)),
    ]


def test_right_class_is_never_robbed_by_a_better_scored_wrong_class():
    predictions = [(2, 0.99, 0, 0, 100, 100), (1, 0.3, 0, 0, 100, 100)]
    assert outcomes([OBJECT], predictions) == [Outcome.WRONG_CLASS, Outcome.TRUE_POSITIVE]


def test_box_takes_a_free_object_before_it_counts_as_duplicate():
    truths = [OBJECT, (1, 20, 0, 120, 100)]
    predictions = [(1, 0.9, 0, 0, 100, 100), (1, 0.8, 5, 0, 105, 100)]
    assert outcomes(truths, predictions) == [Outcome.TRUE_POSITIVE, Outcome.TRUE_POSITIVE]


def test_missed_row_carries_the_true_box():
    (row,) = match_image(ImageResult.build(5, [(2, 1, 2, 30, 40)], []))
    assert (row.image_id, row.class_id, row.score, row.box) == (5, 2, None, (1, 2, 30, 40))


def test_at_most_a_hundred_boxes_of_an_image_count():
    predictions = [(1, 0.5, 300, 300, 310, 310)] * 100 + [(1, 0.4, 0, 0, 100, 100)]
    assert Counter(outcomes([OBJECT], predictions)) == {Outcome.BACKGROUND: 100, Outcome.MISSED: 1}


def test_empty_image():
    assert outcomes([], []) == []


@pytest.mark.parametrize("seed", range(4))
def test_every_box_has_one_outcome_and_every_object_is_found_or_missed(seed):
    images = random_scene(seed)
    counts = Counter(row.outcome for row in match_images(images))
    assert counts[Outcome.TRUE_POSITIVE] + counts[Outcome.MISSED] == sum(len(i.true_boxes) for i in images)
    assert sum(counts.values()) - counts[Outcome.MISSED] == sum(len(i.boxes) for i in images)


@pytest.mark.parametrize("seed", range(4))
def test_raising_the_threshold_changes_no_other_outcome(seed):
    """Matching only boxes above 0.5 gives the rows above 0.5 of matching all of them."""
    for image in random_scene(seed):
        high = image.scores >= 0.5
        some = ImageResult(
            image.image_id,
            image.true_boxes,
            image.true_classes,
            image.boxes[high],
            image.classes[high],
            image.scores[high],
        )
        alone = [row for row in match_image(some) if row.score is not None]
        assert alone == [row for row in match_image(image) if row.score is not None and row.score >= 0.5]
