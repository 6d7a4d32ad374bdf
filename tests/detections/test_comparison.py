from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from detections.actions import start_evaluation
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_version

pytestmark = pytest.mark.django_db
URL = "/detections/evaluations/compare/"


def evaluate(version, answers, split="train"):
    evaluation = start_evaluation(make_detector(version, answers), version, split, None)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    return evaluation


@pytest.fixture
def two(db):
    """On six images with a BB-8 or an R2-D2 each: A finds the BB-8s, B both but of low score."""
    version = make_version(images=12)
    return evaluate(version, [FOUND]), evaluate(version, [(1, 0.4, *FOUND[2:]), (2, 0.6, *FOUND[2:])])


def compare(client, first, second, **query):
    return client.get(URL, {"a": first.pk, "b": second.pk, **query})


def test_what_one_finds_and_the_other_misses(client, two):
    page = compare(client, *two)
    assert page.status_code == 200
    counts = [chip["count"] for chip in page.context["comparison"].chips()]
    assert counts == [3, 3, 0, 0]
    assert {tile.title for tile in page.context["tiles"]} == {"BB-8"}
    assert {tile.title for tile in compare(client, *two, group="second").context["tiles"]} == {"R2-D2"}
    page = compare(client, *two, group="both", score="0.3")
    assert [chip["count"] for chip in page.context["comparison"].chips()] == [0, 3, 0, 3]
    assert len(compare(client, *two, group="second", **{"class": "1"}).context["tiles"]) == 0


def test_tiles_lead_to_the_label(client, two):
    tile = compare(client, *two).context["tiles"][0]
    assert "?box=" in client.get(tile.href).url


def test_figures_and_interval_of_the_difference(client, two):
    comparison = compare(client, *two).context["comparison"]
    rows = {row["label"]: row["gain"] for row in comparison.figures()}
    assert rows["AP50"] == pytest.approx(100 * (two[1].ap50 - two[0].ap50))
    for name, gain in zip(("AP", "AP50"), comparison.gains(), strict=True):
        assert gain is not None and gain.low <= rows[name] / 100 <= gain.high


def test_other_images_are_not_compared(client, two):
    other = evaluate(two[0].version, [FOUND], split="val")
    html = compare(client, two[0], other).content.decode()
    assert "did not see the same images with the same labels" in html


def test_asks_for_the_other_and_says_when_there_is_none(client, two):
    page = client.get(URL, {"a": two[0].pk})
    assert list(page.context["choices"]) == [two[1]]
    alone = evaluate(make_version(), [FOUND])
    assert "No other model was measured on these images" in client.get(URL, {"a": alone.pk}).content.decode()


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 40, "999"])
def test_unknown_evaluations(client, two, number):
    assert client.get(URL, {"a": number}).status_code == 404
    assert client.get(URL, {"a": two[0].pk, "b": number or "x"}).status_code == 404


def test_visitor_is_sent_to_sign_in(visitor, two):
    assert visitor.get(reverse("detections:evaluation-compare"), {"a": two[0].pk}).status_code == 302


def test_api_and_command_say_the_same(client, two, capsys):
    first, second = (evaluation.pk for evaluation in two)
    found = client.get(f"/api/v1/detections/evaluations/{first}/compare/{second}?score=0.3").json()
    assert found["objects"] == {"first": 0, "second": 3, "neither": 0, "both": 3}
    assert found["classes"]["R2-D2"]["gain"] > 0 and found["figures"]["AP50"]["first"] == two[0].ap50
    call_command("compare_models", str(first), str(second), "--score", "0.3", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == found
    call_command("compare_models", str(first), str(second))
    assert "A finds, B misses: 3" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no evaluation 999"):
        call_command("compare_models", str(first), "999")
