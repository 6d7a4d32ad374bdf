"""Tracks and timelines of boxes written by hand."""

import numpy as np
import pytest

from detections.videos.timeline import Timeline
from detections.videos.tracking import NEWEST, Seen, Tracker

BOX = np.array([10.0, 10, 50, 50])


def follow(tracker, seconds, *rows):
    """Each row is (class, score, box)."""
    class_ids, scores, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = np.array(class_ids, np.int64), np.array(scores, float), np.array(boxes, float).reshape(-1, 4)
    return [(seen.track, seen.class_id, seen.held) for seen in tracker.follow(seconds, *arrays)]


def test_a_track_goes_on_with_an_unsure_box_but_does_not_begin_with_one():
    tracker = Tracker(0.5)
    assert follow(tracker, 0.0, (1, 0.3, BOX)) == []
    assert follow(tracker, 0.1, (1, 0.9, BOX)) == [(1, 1, False)]
    assert follow(tracker, 0.2, (1, 0.3, BOX + 2)) == [(1, 1, False)]
    assert follow(tracker, 0.3, (1, 0.2, BOX + 2)) == [(1, 1, True)]  # too unsure: it stays where it was


def test_a_track_waits_a_moment_and_no_longer():
    tracker = Tracker(0.5)
    follow(tracker, 0.0, (1, 0.9, BOX))
    assert follow(tracker, 0.4) == [(1, 1, True)]
    assert follow(tracker, 0.5) == []
    assert follow(tracker, 0.6, (1, 0.9, BOX)) == [(2, 1, False)]


def test_two_objects_that_pass_keep_their_numbers_and_classes_do_not_mix():
    tracker = Tracker(0.5)
    follow(tracker, 0.0, (1, 0.9, BOX), (1, 0.8, BOX + [100, 0, 100, 0]), (2, 0.7, BOX))
    # the surer one is now the second
    seen = follow(tracker, 0.1, (1, 0.9, BOX + [98, 0, 98, 0]), (1, 0.8, BOX + 2), (2, 0.7, BOX))
    assert sorted(seen) == [(1, 1, False), (2, 1, False), (3, 2, False)]


def test_edges_are_averaged():
    tracker = Tracker(0.5)
    tracker.follow(0.0, np.array([1]), np.array([0.9]), BOX[None])
    (seen,) = tracker.follow(0.1, np.array([1]), np.array([0.9]), BOX[None] + 10)
    assert seen.box[0] == pytest.approx(10 + 10 * NEWEST)


def seen(class_id=1, score=0.9, track=0):
    return Seen(class_id, score, BOX, track)


def test_a_class_that_is_gone_for_a_moment_has_not_gone():
    timeline = Timeline()
    for frame, boxes in enumerate([[seen()], [], [seen(score=0.7), seen()], [], [], [], [], [], [], [seen()]]):
        timeline.add(frame, frame / 10, boxes, [each.score for each in boxes])
    found = timeline.as_json()
    assert [(span["start"], span["end"], span["most"]) for span in found["spans"]] == [(0.0, 0.2, 2), (0.9, 0.9, 1)]
    assert found["classes"] == [{"class_id": 1, "frames": 3, "boxes": 4, "most": 2, "tracks": 0}]


def test_the_most_uncertain_frame_of_each_second_first():
    timeline = Timeline()
    for frame, scores in enumerate([[0.9], [0.6], [0.99], [0.5, 0.9], [0.02], []]):
        timeline.add(frame, frame / 2, [], scores)
    found = [(frame, seconds) for _, frame, seconds in timeline.as_json()["uncertain"]]
    assert found == [(3, 1.5), (1, 0.5)]
