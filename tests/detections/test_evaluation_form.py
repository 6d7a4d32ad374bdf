"""Asking for an evaluation."""

from __future__ import annotations

import pytest

from detections.models import Evaluation
from tests.detections.builders import finish, make_detector
from tests.factories import make_dataset, make_version

pytestmark = pytest.mark.django_db
URL = "/detections/evaluations/new/"


def test_starts_an_evaluation(client, alice):
    version = make_version()
    model = make_detector(version)
    answer = client.post(URL, {"model": model.pk, "version": version.pk, "split": "test"})
    evaluation = Evaluation.objects.get()
    assert answer.url == evaluation.get_absolute_url()
    assert (evaluation.split, evaluation.created_by, evaluation.job.state) == ("test", alice, "queued")


def test_model_in_the_address_brings_its_version(client):
    make_version()
    model = make_detector(make_version())
    make_detector()
    form = client.get(URL, {"model": model.pk}).context["form"]
    assert (form["model"].value(), form["version"].value()) == (str(model.pk), model.run.version_id)
    assert form["split"].value() == "val"  # train would only show what was learnt by heart
    assert client.get(URL, {"split": "test"}).context["form"]["split"].value() == "test"


@pytest.mark.parametrize("value", ["x", "99999999999999999999", "-1", "\x00"])
def test_meaningless_model_in_the_address(client, value):
    assert client.get(URL, {"model": value}).status_code == 200


def test_without_models(client):
    assert "There is no model yet" in client.get(URL).content.decode()


def test_refusal_is_told_on_the_form(client):
    other = make_version(make_dataset(classes=("cat",)))
    values = {"model": make_detector().pk, "version": other.pk, "split": "val"}
    answer = client.post(URL, values)
    assert answer.status_code == 422
    assert "no class called BB-8, R2-D2; it has cat" in answer.content.decode()
    asked = {**values, "asked_for": answer.context["form"].asked_for, "class-1": "", "class-2": ""}
    answer = client.post(URL, asked)
    assert "no class is left to compare" in answer.content.decode()
    assert Evaluation.objects.count() == 0


def test_other_classes_are_asked_for_and_the_answers_kept(client):
    version = make_version(make_dataset(classes=("bb8", "cat")))
    model = make_detector()
    values = {"model": model.pk, "version": version.pk, "split": "val"}
    form = client.post(URL, values).context["form"]
    assert [(each.name, each.likely) for each in form.questions] == [("BB-8", 1), ("R2-D2", None)]
    wrong = {**values, "asked_for": form.asked_for, "class-1": "77", "class-2": ""}
    assert "Choose one of the version" in client.post(URL, wrong).content.decode()
    client.post(URL, wrong | {"class-1": "1"})
    evaluation = Evaluation.objects.get()
    assert evaluation.mapping == {"1": 1, "2": None}
    finish(evaluation.job)
    evaluation.refresh_from_db()
    assert evaluation.figures["only_model"] == ["R2-D2"]


def test_answers_to_another_question_do_not_count(client):
    version = make_version(make_dataset(classes=("bb8", "cat")))
    values = {"model": make_detector().pk, "version": version.pk, "split": "val"}
    stale = {**values, "asked_for": "0-0", "class-1": "1", "class-2": ""}
    assert client.post(URL, stale).status_code == 422
    assert Evaluation.objects.count() == 0


def test_empty_form(client):
    make_detector()
    assert client.post(URL, {}).status_code == 422
