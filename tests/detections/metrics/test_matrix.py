"""Confusion matrices and calibration solved by hand; intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hotcoco import metrics

from detections.metrics.bootstrap import (
    IOUS,
    RESAMPLES,
    class_intervals,
    drawn_times,
    mean_interval,
    mean_over_ious,
    resampled_precision,
)
from detections.metrics.calibration import calibrate
from detections.metrics.matching import counted, match, missed_at
from detections.metrics.matrix import confuse, confusion_matrix
from detections.metrics.report import report
from detections.metrics.table import make_table
from detections.metrics.values import ImageResult
from tests.detections.metrics.scenes import CLASSES, random_scene

A, B, FAR = (0, 0, 100, 100), (200, 0, 300, 100), (600, 0, 700, 100)


def matrix(truths, predictions, score=0.5, iou=0.5):
    table = make_table([ImageResult.build(1, truths, predictions)])
    matching = match(table, iou)
    return confusion_matrix(table, matching, confuse(table, matching, iou, score), score, [1, 2])


def test_rows_are_true_and_columns_predicted():
    truths = [(1, *A), (1, *B), (2, 400, 0, 500, 100)]
    predictions = [(1, 0.9, *A), (2, 0.8, *B), (2, 0.7, *FAR)]
    assert matrix(truths, predictions) == [[1, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_right_class_keeps_its_object_from_a_surer_wrong_one():
    assert matrix([(1, *A)], [(2, 0.99, *A), (1, 0.6, *A)]) == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert matrix([(1, *A)], [(2, 0.99, *A), (1, 0.4, *A)]) == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_each_object_is_mistaken_once_and_the_best_fit_comes_first():
    predictions = [(2, 0.9, 0, 0, 100, 60), (2, 0.8, *A)]
    table = make_table([ImageResult.build(1, [(1, *A)], predictions)])
    assert confuse(table, match(table), 0.5, 0.5).mistaken.tolist() == [-1, 0]
    assert matrix([(1, *A)], predictions) == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("score", "iou"), [(0.05, 0.5), (0.5, 0.5), (0.5, 0.75)])
def test_rows_sum_to_objects_and_columns_to_boxes(seed, score, iou):
    table = make_table(random_scene(seed))
    matching = match(table, iou)
    counts = np.array(confusion_matrix(table, matching, confuse(table, matching, iou, score), score, sorted(CLASSES)))
    for place, class_id in enumerate(sorted(CLASSES)):
        mine = table.true_classes == class_id
        assert counts[place].sum() == mine.sum()
        assert counts[:, place].sum() == ((table.classes == class_id) & (table.scores >= score)).sum()
        assert counts[place, place] == (mine & ~missed_at(table, matching, score)).sum()


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_hotcoco(seed):
    table = make_table(random_scene(seed))
    matching = match(table)
    confusion = confuse(table, matching, 0.5, 0.5)
    limit = counted(table, 0.5)
    partner = [truth if truth >= 0 else other for truth, other in zip(matching.truth, confusion.mistaken, strict=True)]
    lost = np.flatnonzero(missed_at(table, matching, 0.5) & (confusion.taken_for < 0))
    true = [None if truth < 0 else int(table.true_classes[truth]) - 1 for truth in partner[:limit]]
    said = [int(number) - 1 for number in table.classes[:limit]]
    true += [int(number) - 1 for number in table.true_classes[lost]]
    theirs = metrics.confusion_matrix(true, said + [None] * len(lost), 3)
    assert confusion_matrix(table, matching, confusion, 0.5, [1, 2, 3]) == theirs.tolist()


def test_calibration_solved_by_hand():
    """Four boxes of 0.9, half of them right (gap 0.4); one of 0.3, right (gap 0.7): (4 x 0.4 + 0.7) / 5."""
    found = calibrate(np.array([0.9, 0.9, 0.9, 0.9, 0.3]), np.array([True, True, False, False, True]))
    assert found.ece == pytest.approx((4 * 0.4 + 0.7) / 5)
    assert found.mce == pytest.approx(0.7)
    assert [each["count"] for each in found.bins if each["count"]] == [1, 4]


def test_intervals_hold_the_figure_and_shrink_with_more_images():
    few, many = make_table(random_scene(3, images=20)), make_table(random_scene(3, images=200))
    widths = []
    for table in (few, many):
        found = mean_interval(mean_over_ious(resampled_precision(table, sorted(CLASSES))))
        assert found is not None and 0 <= found.low < found.high <= 1
        widths.append(found.high - found.low)
    assert widths[1] < widths[0]


def test_class_without_objects_has_no_interval():
    table = make_table([ImageResult.build(1, [(1, *A)], [(1, 0.9, *A)])])
    found = class_intervals(resampled_precision(table, [1, 2])[:, :, 0])
    assert found[0] is not None and (found[0].low, found[0].high) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found[1] is None


@pytest.mark.parametrize("images", [3, 9, 30])
def test_every_draw_is_what_hotcoco_says_of_the_images_drawn(images):
    table = make_table(random_scene(3, images=images))
    draws, times = resampled_precision(table, sorted(CLASSES)), drawn_times(len(table.image_ids))
    assert draws.shape == (RESAMPLES, len(CLASSES), 10) and (draws > 0).any()
    for place, iou in enumerate(IOUS):
        hits = match(table, iou).hits
        for number, class_id in enumerate(sorted(CLASSES)):
            mine, objects = np.flatnonzero(table.classes == class_id), table.true_image[table.true_classes == class_id]
            for draw in range(0, RESAMPLES, 7):
                again = np.repeat(mine, times[draw, table.image[mine]])
                count, found = int(times[draw, objects].sum()), draws[draw, number, place]
                expected = metrics.average_precision(table.scores[again], hits[again], count) if count else np.nan
                assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_the_intervals_of_a_report_hold_its_ap():
    figures = report(make_table(random_scene(5, images=60)), CLASSES)
    for found in (figures, *figures.per_class):
        assert found.ap_interval.low <= found.ap <= found.ap_interval.high
        assert found.ap_interval != found.ap50_interval
