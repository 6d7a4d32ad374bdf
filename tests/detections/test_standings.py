"""Several models on the same test images, and what can be said about them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from detections.actions import start_evaluation
from detections.models import Evaluation
from detections.standings import common_evaluations, standings
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_version

#: Every object of the test split is an R2-D2 at this place.
RIGHT = (2, 0.9, *FOUND[2:])

pytestmark = pytest.mark.django_db


def evaluate(version, answers, split="test"):
    evaluation = start_evaluation(make_detector(version, answers), version, split, None)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    return evaluation


@pytest.fixture
def version(db):
    return make_version(images=24)


def test_models_are_held_against_the_first_on_the_same_images(version):
    good, bad = evaluate(version, [RIGHT]), evaluate(version, [])
    same = evaluate(version, [RIGHT])
    rows = Evaluation.objects.all()
    found = common_evaluations(rows, [good.model, bad.model, same.model])
    assert found == [good, bad, same]
    first, second, third = standings(found)
    assert first.is_first and first.gain is None
    assert second.gain.high < 0 and second.verdict.startswith("worse")
    assert third.gain.low == third.gain.high == 0 and "cannot be told apart" in third.verdict


def test_the_newest_evaluation_of_a_shared_split_counts(version):
    first, other = evaluate(version, [RIGHT]), evaluate(version, [RIGHT])
    again = start_evaluation(first.model, version, "test", None)
    finish(again.job)
    assert common_evaluations(Evaluation.objects.all(), [first.model, other.model]) == [again, other]


def test_models_without_common_test_images_are_sent_to_be_evaluated(client, version):
    one, two = evaluate(version, [RIGHT]), evaluate(version, [RIGHT], split="val")
    page = client.get(reverse("detections:standings"), {"model": [one.model_id, two.model_id]}).content.decode()
    assert "no evaluation on the same test images yet" in page and f"?model={two.model_id}" in page


def test_the_fragment_and_the_json_say_who_is_better(client, version):
    good, bad = evaluate(version, [RIGHT]), evaluate(version, [])
    query = {"model": [bad.model_id, good.model_id]}
    page = client.get(reverse("detections:standings"), query).content.decode()
    assert "better: zero is below" in page and "<html" not in page
    answer = client.get(reverse("detections:standings"), {**query, "format": "json"}).json()
    assert [one["model"] for one in answer["models"]] == [bad.model_id, good.model_id]
    assert answer["models"][1]["gain"]["low"] > 0
    assert {row["name"] for row in answer["classes"]} == {"BB-8", "R2-D2"}


def test_visitors_and_nonsense(client, visitor, version):
    address = reverse("detections:standings")
    assert "sign-in" in visitor.get(address).url
    assert client.get(address, {"model": ["x", "999"]}).status_code == 200
