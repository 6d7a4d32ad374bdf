"""An evaluation with one of each outcome, and what its page shows."""

from __future__ import annotations

from detections.actions import start_evaluation
from detections.models import Evaluation
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_version

#: One of each outcome on a version's val image: found, twice, wrong class, poor box, nothing there.
EVERY_OUTCOME = [
    FOUND,
    (1, 0.8, *FOUND[2:]),
    (2, 0.7, *FOUND[2:]),
    (1, 0.6, FOUND[2], FOUND[3], FOUND[4], (FOUND[3] + FOUND[5]) / 2.2),
    (2, 0.55, 0.8, 0.8, 0.9, 0.9),
]


def make_evaluation(answers=EVERY_OUTCOME, split="val", images=6, done=True) -> Evaluation:
    version = make_version(images=images)
    evaluation = start_evaluation(make_detector(version, answers), version, split, None)
    if done:
        assert finish(evaluation.job).state == "succeeded"
    evaluation.refresh_from_db()
    return evaluation


def page_of(client, evaluation, **query):
    page = client.get(evaluation.get_absolute_url(), query)
    assert page.status_code == 200
    return page


def notes(page):
    return [tile.note for tile in page.context["tiles"]]
