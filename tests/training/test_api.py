"""The API of runs and models."""

from __future__ import annotations

import pytest

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.factories import make_dataset, make_version
from training.models import Run

ROOT = "/api/v1/training"


@pytest.fixture
def trained(waiting_run, fake_engine) -> Run:
    run = waiting_run("droids")
    run_here(run.job)
    return Run.objects.get(pk=run.pk)


def post(client, path, data=None):
    return client.post(f"{ROOT}{path}", data or {}, content_type="application/json")


def error_of(response):
    return response.json()["error"]["code"]


@pytest.mark.parametrize("path", ["/runs", "/runs/1", "/runs/1/series", "/models", "/models/1"])
def test_visitors_are_answered_401(visitor, path):
    response = visitor.get(ROOT + path)
    assert response.status_code == 401 and error_of(response) == "not_signed_in"


def test_a_run_is_created_with_defaults(client, alice, version):
    response = post(client, "/runs", {"version": version.pk})
    assert response.status_code == 201
    answer, run = response.json(), Run.objects.get()
    assert (answer["id"], answer["state"], answer["steps"]) == (run.pk, "queued", 1500)
    assert (answer["version"], answer["dataset"]) == (version.pk, version.dataset.slug)
    assert run.created_by == alice and run.job.queue == "gpu"


def test_a_run_takes_what_is_chosen(client, version):
    chosen = {"steps": 40, "batch_size": 4, "input_size": 160, "depth_multiplier": 0.5, "seed": 0, "name": "api droids"}
    config = post(client, "/runs", {"version": version.pk, **chosen}).json()["config"]
    assert (config["name"], config["seed"]) == ("api droids", 0)
    assert (config["train"]["steps"], config["train"]["learning_rate"]) == (40, 0.01)


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"version": 999}, 404, "not_found"),
        ({"version": "x"}, 422, "not_valid"),
        ({"steps": 0}, 422, "bad_setting"),
        ({"input_size": 333}, 422, "bad_setting"),
        ({"base": "model:99"}, 422, "no_such_base"),
        ({"base": "backbone:x.weights.h5"}, 422, "no_such_base"),
        ({"name": "x" * 101}, 422, "bad_name"),
    ],
)
def test_wrong_requests_start_nothing(client, version, wrong, status, code):
    response = post(client, "/runs", {"version": version.pk, **wrong})
    assert (response.status_code, error_of(response)) == (status, code)
    assert not Run.objects.exists() and not Job.objects.exists()


def test_a_version_that_cannot_be_trained_is_refused_and_the_check_says_so(client, db):
    version = make_version(make_dataset(), images=1)
    response = post(client, "/runs", {"version": version.pk})
    assert (response.status_code, error_of(response)) == (422, "no_val_boxes")
    findings = post(client, "/runs/check", {"version": version.pk}).json()
    assert findings[0]["level"] == "block" and findings[0]["code"] == "no_val_boxes"


def test_a_run_can_be_watched(client, trained):
    answer = client.get(f"{ROOT}/runs/{trained.pk}").json()
    assert (answer["state"], answer["progress"], answer["step"]) == ("succeeded", 1.0, 20)
    assert (answer["best_ap"], answer["model"]) == (0.5, trained.model.pk)
    series = client.get(f"{ROOT}/runs/{trained.pk}/series").json()
    assert series["finished"] is True and series["series"]["ap"] == [[20, 0.5]]
    listed = client.get(f"{ROOT}/runs").json()
    assert (listed["count"], listed["items"][0]["id"]) == (1, trained.pk)


def test_a_run_can_be_cancelled_once_and_go_on(client, version):
    pk = post(client, "/runs", {"version": version.pk}).json()["id"]
    assert post(client, f"/runs/{pk}/cancel").json()["state"] == "cancelled"
    response = post(client, f"/runs/{pk}/cancel")
    assert (response.status_code, error_of(response)) == (409, "not_active")
    assert post(client, f"/runs/{pk}/resume").json()["state"] == "queued"
    assert error_of(post(client, f"/runs/{pk}/resume")) == "not_stopped"


@pytest.mark.parametrize("path", ["/runs/99", "/runs/99/series", "/models/99"])
def test_what_is_not_there_is_404(client, path):
    response = client.get(ROOT + path)
    assert (response.status_code, error_of(response)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/runs/99/cancel", "/runs/99/resume"])
def test_acting_on_what_is_not_there_is_404(client, path):
    assert post(client, path).status_code == 404


def test_models_are_listed_with_their_exports(client, trained):
    listed = client.get(f"{ROOT}/models").json()["items"]
    assert listed == [client.get(f"{ROOT}/models/{trained.model.pk}").json()]
    assert listed[0]["classes"] == {"1": "BB-8", "2": "R2-D2"}
    assert [export["format"] for export in listed[0]["exports"]] == ["onnx"]


def test_an_export_is_asked_for(client, trained):
    path = f"/models/{trained.model.pk}/exports"
    answer = post(client, path, {"format": "saved_model"})
    assert answer.status_code == 202
    assert Job.objects.get(pk=answer.json()["job"]).state == JobState.QUEUED
    assert error_of(post(client, path, {"format": "onnx"})) == "exported_already"
    assert error_of(post(client, path, {"format": "coreml"})) == "bad_format"
    assert post(client, "/models/99/exports", {"format": "onnx"}).status_code == 404
