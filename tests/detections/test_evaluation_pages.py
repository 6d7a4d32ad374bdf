"""The page of an evaluation beside its gallery: figures, curves, tables, splits, states."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from detections.actions import start_evaluation
from detections.csv_files import harmless
from detections.models import Evaluation
from detections.tables import read_table
from sw_site.jobs.errors import JobError
from tests.detections.builders import FOUND, finish
from tests.detections.evaluating import EVERY_OUTCOME, make_evaluation, page_of

pytestmark = pytest.mark.django_db


def test_page_shows_figures_classes_rules_and_gallery(client):
    page = page_of(client, make_evaluation())
    html = page.content.decode()
    for words in (
        "AP75",
        "VOC AP",
        "COCO rules",
        "Confusion matrix",
        "What each error costs",
        "Objects marked difficult",
    ):
        assert words in html
    assert "n/a" in html  # R2-D2 has no object in this split
    assert "There is no R2-D2 in this split, but the model drew 2 boxes of it" in html
    chips = {chip["label"]: chip["count"] for chip in page.context["gallery"].chips()}
    assert chips == {
        "All": 5,
        "Found": 1,
        "Poor box": 1,
        "Wrong class": 1,
        "Wrong class and poor box": 0,
        "Found twice": 1,
        "Nothing there": 1,
        "Missed": 0,
    }


def test_page_costs_the_same_for_few_and_many(client, django_assert_num_queries):
    small = make_evaluation(answers=[FOUND], split="train", images=6)
    large = make_evaluation(answers=EVERY_OUTCOME, split="train", images=40)
    for evaluation in (small, large):
        with django_assert_num_queries(7):
            page_of(client, evaluation)


def test_htmx_gets_what_follows_the_sliders_only(client):
    evaluation = make_evaluation()
    answer = client.get(evaluation.get_absolute_url(), {"score": "0.7"}, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.strip().startswith('<div id="instrument"') and "<html" not in html
    assert 'data-score="0.70"' in html


def test_measure_again_waits_for_a_worker(client):
    evaluation = make_evaluation()
    answer = client.post(reverse("detections:evaluation-again", args=[evaluation.pk]))
    again = Evaluation.objects.get(source=evaluation)
    assert answer.url == again.get_absolute_url()
    assert finish(again.job).state == "succeeded"
    assert "labels as they were" in client.get(again.get_absolute_url()).content.decode()


@pytest.mark.parametrize("chart", ["pr", "f1", "calibration"])
def test_curves(client, chart):
    evaluation = make_evaluation(split="train", images=12)
    data = client.get(reverse("detections:evaluation-curves", args=[evaluation.pk, chart]), {"iou": "0.6"}).json()
    assert data["finished"]
    for key, points in data["series"].items():
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert key == "even" or len(data["scores"][key]) == len(points)
    assert client.get(reverse("detections:evaluation-curves", args=[evaluation.pk, "x"])).status_code == 404


def test_tables_as_csv(client):
    evaluation = make_evaluation()
    for name, first in (("classes", "name,objects"), ("matrix", "true \\ predicted,BB-8"), ("errors", "error,tide")):
        answer = client.get(reverse("detections:evaluation-csv", args=[evaluation.pk, name]))
        assert answer.content.decode().startswith(first)
    assert client.get(reverse("detections:evaluation-csv", args=[evaluation.pk, "x"])).status_code == 404


def test_class_names_are_no_formulas_in_a_spreadsheet(client):
    assert harmless("=1+1") == "'=1+1" and harmless("BB-8") == "BB-8" and harmless(-1) == -1


@pytest.mark.parametrize("state", ["lost", "never kept"])
def test_evaluation_without_its_boxes_says_so_and_shows_its_figures(client, state):
    evaluation = make_evaluation()
    if state == "lost":
        default_storage.delete(evaluation.boxes_file)
        read_table.cache_clear()
    else:
        Evaluation.objects.update(boxes_file="")
    html = client.get(evaluation.get_absolute_url()).content.decode()
    assert "AP75" in html and "Evaluate again" in html and 'id="instrument"' not in html
    for name, more in (("fix", [0]), ("curves", ["pr"]), ("csv", ["matrix"])):
        assert client.get(reverse(f"detections:evaluation-{name}", args=[evaluation.pk, *more])).status_code == 404


def test_tabs_lead_to_the_other_splits(client):
    evaluation = make_evaluation()
    other = start_evaluation(evaluation.model, evaluation.version, "train", None)
    finish(other.job)
    page = page_of(client, evaluation)
    assert [row.pk for row in page.context["others"]] == [other.pk, evaluation.pk]


def test_waiting_page_polls_and_the_fragment_ends_it(client):
    evaluation = make_evaluation(done=False)
    html = client.get(evaluation.get_absolute_url()).content.decode()
    status = reverse("detections:evaluation-status", args=[evaluation.pk])
    assert f'hx-get="{status}"' in html and "Waiting for a worker" in html
    assert "AP75" not in html
    assert "HX-Refresh" not in client.get(status)
    finish(evaluation.job)
    assert client.get(status)["HX-Refresh"] == "true"
    assert f'hx-get="{status}"' not in client.get(evaluation.get_absolute_url()).content.decode()


def test_failure_is_told_with_its_remedy(client, monkeypatch):
    evaluation = make_evaluation(done=False)

    def fail(*arguments):
        raise JobError("The storage is away. Bring it back.")

    monkeypatch.setattr("detections.jobs.measure", fail)
    finish(evaluation.job)
    html = client.get(evaluation.get_absolute_url()).content.decode()
    assert "The storage is away. Bring it back." in html
    assert "Try again" in html


def test_download(client):
    evaluation = make_evaluation()
    response = client.get(reverse("detections:evaluation-download", args=[evaluation.pk]))
    assert "attachment" in response["Content-Disposition"]
    document = response.json()
    assert document["ap50"] == pytest.approx(1.0)
    assert [box["match"] for box in document["boxes"]] == ["tp", "duplicate", "wrong_class", "poor_box", "background"]
    Evaluation.objects.update(boxes_file="evaluations/gone.npz")
    assert client.get(reverse("detections:evaluation-download", args=[evaluation.pk])).status_code == 404


def test_visitor_is_sent_to_sign_in(visitor):
    evaluation = make_evaluation(done=False)
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        answer = visitor.get(reverse(f"detections:{name}", args=[evaluation.pk]))
        assert answer.status_code == 302 and "/sign-in/" in answer.url
    assert visitor.get(reverse("detections:evaluation-create")).status_code == 302


def test_unknown_evaluation(client):
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        assert client.get(reverse(f"detections:{name}", args=[999])).status_code == 404
