"""Doubts on cases solved by hand; ObjectLab's scores come from cleanlab itself."""

import math

import numpy as np
import pytest

from detections.metrics import doubts as doubts_module
from detections.metrics.doubts import PRIOR, find_doubts
from detections.metrics.objectlab import box_scores, compute
from detections.metrics.table import make_table
from detections.metrics.values import ImageResult


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The library loads once instead of once a case; one test goes the real way."""
    monkeypatch.setattr(doubts_module, "box_scores", compute)


BOX = (10, 10, 110, 110)
FAR = (300, 10, 400, 110)


def table_of(*images):
    """Each image is (labels, predictions) as rows of (class, edges) and (class, score, edges)."""
    return make_table([ImageResult.build(n, *image) for n, image in enumerate(images)])


def right_image(score=0.9):
    return [(1, *BOX)], [(1, score, *BOX)]


def doubts_of(*odd, right=20):
    doubts, _ = find_doubts(table_of(*odd, *[right_image() for _ in range(right)]))
    return [(doubt.kind, doubt.image) for doubt in doubts]


def test_scores_of_two_boxes_are_what_the_paper_says():
    # given a label and a prediction of its class shifted by half its width: IoU 1/3, centres 50 pixels apart
    table = table_of(([(1, *BOX)], [(1, 0.9, 60, 10, 160, 110)]))
    # when
    scores = compute(table, high=0.8, low=0.4)
    # then the similarity is 0.9 IoU + 0.1 exp(-0.1 d), and nothing speaks for a swap
    assert scores.badly_placed[0] == pytest.approx(0.9 / 3 + 0.1 * math.exp(-5), abs=1e-9)
    assert scores.swapped[0] == 1.0
    assert np.isnan(scores.overlooked[0])  # it touches a label


def test_a_prediction_on_nothing_and_one_of_another_class():
    overlooked = compute(table_of(([(1, *BOX)], [(1, 0.9, *BOX), (1, 0.9, *FAR)])), high=0.8, low=0.4).overlooked
    assert overlooked[1] == pytest.approx(0.1 * math.exp(-29), rel=1e-6) and np.isnan(overlooked[0])
    swapped = compute(table_of(([(1, *BOX)], [(2, 0.9, *BOX)])), high=0.8, low=0.4).swapped
    assert swapped[0] == pytest.approx(1.0)  # the least similarity there is in this set is that of the pair itself


def test_the_process_of_its_own_gives_the_same_and_leaves_out_unsure_predictions():
    table = table_of(
        right_image(), ([(1, *BOX), (2, *FAR)], [(2, 0.9, *BOX), (2, 0.8, 290, 10, 390, 110), (1, 0.1, *FAR)])
    )
    here, there = compute(table, 0.8, 0.4), box_scores(table, 0.8, 0.4)
    for name in ("overlooked", "badly_placed", "swapped"):
        np.testing.assert_allclose(getattr(here, name), getattr(there, name))


def test_each_kind_of_mistake_is_found_before_anything_else():
    assert doubts_of(([(1, *BOX)], [(1, 0.9, *BOX), (1, 0.95, *FAR)]))[0] == ("missing", 0)
    assert doubts_of(([(2, *BOX)], [(1, 0.9, *BOX)]))[0] == ("wrong_class", 0)
    assert doubts_of(([(1, 40, 40, 140, 140)], [(1, 0.9, *BOX)]))[0] == ("poor_box", 0)
    assert doubts_of(([(1, *BOX), (1, 12, 12, 112, 112)], [(1, 0.9, *BOX)]))[0] == ("duplicate", 0)
    assert doubts_of(([(1, *BOX), (1, *FAR)], [(1, 0.9, *BOX)]))[0] == ("extra", 0)


def test_labels_that_the_model_confirms_are_not_doubted():
    assert doubts_of() == []


def test_a_duplicate_is_the_label_that_fits_less_well():
    table = table_of(([(1, 12, 12, 112, 112), (1, *BOX)], [(1, 0.9, *BOX)]), *[right_image() for _ in range(9)])
    (doubt,) = find_doubts(table)[0]
    assert (doubt.kind, doubt.truth, doubt.other) == ("duplicate", 0, 1)


def test_what_a_model_often_misses_is_hardly_doubted():
    # given a class of which the model finds only half
    images = [right_image() if n % 2 else ([(1, *BOX)], []) for n in range(20)]
    # when
    doubts, _ = find_doubts(table_of(*images))
    # then each of the missed ones is the less doubtful the more usual it is to be missed
    assert {doubt.kind for doubt in doubts} == {"extra"}
    assert doubts[0].doubt == pytest.approx(PRIOR / (PRIOR + 2 * 10.5 / 21))


#: Three in a row, each of which touches the next (IoU 1/4).
ROW = [(10, 10, 110, 110), (70, 10, 170, 110), (130, 10, 230, 110)]


def row_image(left_out=None, moved=0):
    """All three are seen; one label may be left out, or the middle one moved down."""
    labels = [(1, *box) for place, box in enumerate(ROW) if place != left_out]
    if moved:
        labels[1] = (1, ROW[1][0], ROW[1][1] + moved, ROW[1][2], ROW[1][3] + moved)
    return labels, [(1, 0.9, *box) for box in ROW]


def test_a_label_is_missing_although_its_neighbours_touch_the_place():
    images = [row_image(left_out=1), *[row_image() for _ in range(20)]]
    doubts, _ = find_doubts(table_of(*images))
    assert [(doubt.kind, doubt.image) for doubt in doubts] == [("missing", 0)]
    assert doubts[0].doubt > 0.4


def test_a_moved_label_is_put_beside_the_prediction_of_its_own_object():
    images = [row_image(moved=60), *[row_image() for _ in range(20)]]
    doubts, _ = find_doubts(table_of(*images))
    (doubt,) = [doubt for doubt in doubts if doubt.image == 0]
    assert (doubt.kind, doubt.truth) == ("poor_box", 1)
    assert table_of(*images).boxes[doubt.box].tolist() == list(ROW[1])


def test_labels_that_fit_not_so_well_are_behind_one_of_another_class():
    # given a model whose boxes are now better and now worse, and one label of another class
    shifted = [([(1, *BOX)], [(1, 0.9, 10 + n, 10, 110 + n, 110)]) for n in range(30)]
    images = [([(2, *BOX)], [(1, 0.9, *BOX)]), *shifted]
    # when
    doubts, _ = find_doubts(table_of(*images))
    # then the worst fit there is, which is not unusual for this model, does not come first
    assert (doubts[0].kind, doubts[0].image) == ("wrong_class", 0)
    assert all(doubt.doubt < doubts[0].doubt / 2 for doubt in doubts[1:])


def test_difficult_labels_may_be_missed():
    image = ImageResult.build(0, [(1, *BOX)], [], [True])
    assert find_doubts(make_table([image]))[0] == []


def test_a_model_that_finds_nothing_says_nothing_of_places_and_classes():
    doubts, limits = find_doubts(table_of(([(1, *BOX)], [(1, 0.9, *FAR)])))
    assert limits.high == 1.0 and [doubt.kind for doubt in doubts] == ["extra"]
    assert find_doubts(table_of(([], [])))[0] == []
