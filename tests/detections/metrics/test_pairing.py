"""Which prediction speaks of which label."""

from detections.metrics.pairing import pair_up
from detections.metrics.table import make_table
from detections.metrics.values import ImageResult

BOX, NEXT, FAR = (10, 10, 110, 110), (70, 10, 170, 110), (300, 10, 400, 110)


def paired(labels, predictions, least=0.2):
    return pair_up(make_table([ImageResult.build(0, labels, predictions)]), least)


def test_a_prediction_takes_the_label_it_covers_whatever_the_class():
    found = paired([(1, *FAR), (2, *BOX)], [(1, 0.9, *BOX), (1, 0.8, *FAR)])
    assert found.own.tolist() == [1, 0] and found.near.tolist() == [-1, -1]


def test_the_same_object_again_is_left_out_and_unsure_predictions_too():
    found = paired([(1, *BOX)], [(1, 0.9, *BOX), (2, 0.8, 12, 12, 110, 110), (1, 0.1, *FAR)])
    assert found.single.tolist() == [True, False, False]
    assert found.own.tolist() == [0, -1, -1]


def test_what_covers_no_label_is_near_one_that_nobody_covers():
    # given two that are seen, and a label for the first alone, moved by more than half
    found = paired([(1, 10, 60, 110, 160), (1, *NEXT)], [(1, 0.9, *NEXT), (1, 0.8, *BOX)])
    assert found.own.tolist() == [1, -1] and found.near.tolist() == [-1, 0]
    assert found.crowded.tolist() == [True, True]  # by the moved label, and by that of the other


def test_a_label_that_was_taken_is_near_nothing():
    found = paired([(1, *NEXT)], [(1, 0.9, *NEXT), (1, 0.8, *BOX)])
    assert found.near.tolist() == [-1, -1] and found.crowded.tolist() == [False, True]


def test_images_apart_and_images_without_labels():
    table = make_table(
        [
            ImageResult.build(5, [], [(1, 0.9, *BOX)]),
            ImageResult.build(6, [(1, *BOX)], []),
            ImageResult.build(7, [(1, *BOX)], [(1, 0.7, *BOX)]),
        ]
    )
    found = pair_up(table, 0.2)
    assert found.own.tolist() == [-1, 1] and found.single.all()
    assert pair_up(make_table([]), 0.2).own.tolist() == []
