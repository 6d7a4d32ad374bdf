from __future__ import annotations

import pytest
from django.urls import reverse

from detections.actions import start_evaluation
from detections.models import Evaluation
from sw_site.jobs.errors import JobError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_dataset, make_version

pytestmark = pytest.mark.django_db

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


def test_page_shows_figures_classes_rule_and_gallery(client):
    evaluation = make_evaluation()
    page = client.get(evaluation.get_absolute_url())
    assert page.status_code == 200
    html = page.content.decode()
    assert "AP75" in html and "COCO rules" in html and "difficult count like all others" in html
    assert "n/a" in html  # R2-D2 has no object in this split
    assert "There is no R2-D2 in this split, but the model drew 2 boxes of it" in html
    chips = {chip.label: chip.count for chip in page.context["gallery"].match_chips()}
    assert chips == {
        "All": 5,
        "Found": 1,
        "Poor box": 1,
        "Wrong class": 1,
        "Found twice": 1,
        "Nothing there": 1,
        "Missed": 0,
    }


@pytest.mark.parametrize("match", ["tp", "duplicate", "wrong_class", "poor_box", "background"])
def test_filter_by_outcome(client, match):
    evaluation = make_evaluation()
    page = client.get(evaluation.get_absolute_url(), {"match": match})
    (photo,) = page.context["photos"]
    assert photo.href == reverse("datasets:image-detail", args=[evaluation.boxes.first().image_id])
    assert photo.href in page.content.decode()


def test_filter_by_class(client):
    evaluation = make_evaluation()
    page = client.get(evaluation.get_absolute_url(), {"class": "2"})
    assert [photo.title for photo in page.context["photos"]] == ["R2-D2", "R2-D2"]


def test_boxes_come_by_score(client):
    page = client.get(make_evaluation().get_absolute_url())
    assert [photo.note[:4] for photo in page.context["photos"]] == ["0.90", "0.80", "0.70", "0.60", "0.55"]


def test_threshold_turns_a_find_into_a_miss(client):
    evaluation = make_evaluation(answers=[(1, 0.3, *FOUND[2:])])
    page = client.get(evaluation.get_absolute_url(), {"match": "missed"})
    (photo,) = page.context["photos"]
    assert (photo.match, photo.note[:9]) == ("Missed", "only 0.30")
    page = client.get(evaluation.get_absolute_url(), {"match": "missed", "threshold": "0.2"})
    assert page.context["photos"] == []
    assert "No such boxes" in page.content.decode()
    point = page.context["gallery"].point()
    assert (point.precision, point.recall) == (1.0, 1.0)


def test_truth_is_dashed_and_the_prediction_is_not(client):
    page = client.get(make_evaluation(answers=[FOUND]).get_absolute_url())
    overlay = page.context["photos"][0].overlay
    assert overlay.count('class="box truth dashed"') == 1
    assert overlay.count('class="box "') == 1


@pytest.mark.parametrize(
    "query",
    [
        {"match": "nonsense"},
        {"class": "999"},
        {"class": "x" * 5000},
        {"threshold": "nan"},
        {"threshold": "-3"},
        {"threshold": "1e999"},
        {"page": "9999999999999999999999"},
        {"match": "\x00"},
    ],
)
def test_meaningless_filters_are_ignored(client, query):
    assert client.get(make_evaluation().get_absolute_url(), query).status_code == 200


def test_image_that_left_the_dataset_is_named(client):
    evaluation = make_evaluation(answers=[FOUND])
    evaluation.version.dataset.images.all().delete()
    html = client.get(evaluation.get_absolute_url()).content.decode()
    assert "is no longer in the dataset" in html


def test_page_costs_the_same_for_few_and_many(client, django_assert_num_queries):
    small = make_evaluation(answers=[FOUND], split="train", images=6)
    large = make_evaluation(answers=EVERY_OUTCOME, split="train", images=40)
    client.get(small.get_absolute_url())  # fills the manifest's cache
    for evaluation in (small, large):
        with django_assert_num_queries(8):
            assert client.get(evaluation.get_absolute_url()).status_code == 200


def test_gallery_is_paged(client):
    evaluation = make_evaluation(split="train", images=40)
    page = client.get(evaluation.get_absolute_url(), {"page": 2})
    assert page.context["page"].number == 2
    assert len(page.context["photos"]) == 24


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


class TestForm:
    url = "/detections/evaluations/new/"

    def test_starts_an_evaluation(self, client, alice):
        version = make_version()
        model = make_detector(version)
        answer = client.post(self.url, {"model": model.pk, "version": version.pk, "split": "test"})
        evaluation = Evaluation.objects.get()
        assert answer.url == evaluation.get_absolute_url()
        assert (evaluation.split, evaluation.created_by, evaluation.job.state) == ("test", alice, "queued")

    def test_model_in_the_address_brings_its_version(self, client):
        make_version()
        model = make_detector(make_version())
        make_detector()
        form = client.get(self.url, {"model": model.pk}).context["form"]
        assert (form["model"].value(), form["version"].value()) == (str(model.pk), model.run.version_id)

    @pytest.mark.parametrize("value", ["x", "99999999999999999999", "-1", "\x00"])
    def test_meaningless_model_in_the_address(self, client, value):
        assert client.get(self.url, {"model": value}).status_code == 200

    def test_without_models(self, client):
        assert "There is no model yet" in client.get(self.url).content.decode()

    def test_refusal_is_told_on_the_form(self, client):
        other = make_version(make_dataset(classes=("cat",)))
        answer = client.post(self.url, {"model": make_detector().pk, "version": other.pk, "split": "val"})
        assert answer.status_code == 422
        assert "no class is in both" in answer.content.decode()
        assert Evaluation.objects.count() == 0

    def test_empty_form(self, client):
        make_detector()
        assert client.post(self.url, {}).status_code == 422


def test_visitor_is_sent_to_sign_in(visitor):
    evaluation = make_evaluation(done=False)
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        answer = visitor.get(reverse(f"detections:{name}", args=[evaluation.pk]))
        assert answer.status_code == 302 and "/sign-in/" in answer.url
    assert visitor.get(reverse("detections:evaluation-create")).status_code == 302


def test_unknown_evaluation(client):
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        assert client.get(reverse(f"detections:{name}", args=[999])).status_code == 404
