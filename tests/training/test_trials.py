"""Trying settings out from the form: asked for once, followed, its figures in the estimate."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.training.engine.builders import events, make_run
from training.bases import NOTHING
from training.config import TrainingSettings
from training.engine import runner
from training.engine.dataset import Dataset
from training.estimates import estimate
from training.trials import request_trial, trial_of

SETTINGS = TrainingSettings(steps=400, batch_size=4)


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def tried(version, fake_engine):
    trial = request_trial(version, SETTINGS, NOTHING, submit=False)
    run_here(trial.job)
    return trial_of(trial.key)


def test_a_trial_is_kept_and_its_records_are_not(tried):
    assert tried.state == "done" and list(tried.samples) == [1]
    kept = {path.name for path in tried.folder.iterdir()}
    assert kept == {"trial.json", "samples", "pipeline.config", "defaults.config", "about.json"}


def test_changed_lines_of_the_config_are_marked(tried):
    assert tried.lines == [(False, "a: 1"), (True, "batch_size: 4")]


def test_the_same_question_is_asked_once(tried, version):
    again = request_trial(version, SETTINGS, NOTHING)
    assert again == tried and Job.objects.filter(kind="trial").count() == 1
    assert request_trial(version, TrainingSettings(steps=400, batch_size=2), NOTHING).state == "running"


def test_the_estimate_rests_on_the_trial(tried, version):
    found = estimate(version, SETTINGS)
    assert found.measured and found.seconds > 100 and "tried out here: 0.25 s a step" in found.source
    assert "tried out" not in estimate(version, TrainingSettings(steps=400, batch_size=2)).source


def test_it_is_tried_on_images_the_engine_takes(version):
    trial = request_trial(version, SETTINGS, NOTHING, submit=False)
    dataset = Dataset.load(trial.folder / "dataset.json")
    assert len(dataset.split("train")) == 4 and len(dataset.split("val")) == 2


def test_a_trial_that_fails_says_why(version, fake_engine):
    trial = request_trial(version, TrainingSettings(steps=400, batch_size=13), NOTHING, submit=False)
    assert run_here(trial.job).state == JobState.FAILED
    assert trial_of(trial.key).state == "failed" and "memory is full" in trial_of(trial.key).job.error


def test_the_form_asks_for_it_and_shows_it(client, version, tried):
    answers = {"version": version.pk, "steps": 400, "batch_size": 4, "learning_rate": 0.02, "horizontal_flip": "on"}
    answers["augmentation"] = "default"
    page = client.post(reverse("training:trial-create"), answers).content.decode()
    picture = reverse("training:trial-sample", args=[tried.key, 1])
    assert "0.250 s" in page and picture in page and "<ins>batch_size: 4</ins>" in page
    response = client.get(picture)
    assert b"".join(response.streaming_content) == b"a picture"
    other = client.post(reverse("training:trial-create"), {**answers, "batch_size": 2}).content.decode()
    assert "every 1s" in other and "<progress" in other


def test_what_stops_a_run_is_put_right_first(client, version):
    answers = {"version": version.pk, "steps": 0, "augmentation": "default"}
    assert "Put right" in client.post(reverse("training:trial-create"), answers).content.decode()


@pytest.mark.parametrize("name", ["nothing", "x" * 20])
def test_a_trial_that_is_not_there_is_not_found(client, name):
    assert client.get(reverse("training:trial-detail", args=[name, 20])).status_code == 404
    assert client.get(reverse("training:trial-sample", args=[name, 1])).status_code == 404


def test_the_api_asks_and_tells(client, version, tried):
    body = {"version": version.pk, "steps": 400, "batch_size": 4, "learning_rate": 0.02}
    sent = client.post("/api/v1/training/trials", body, content_type="application/json")
    assert sent.status_code == 202 and sent.json()["key"] == tried.key
    told = client.get(f"/api/v1/training/trials/{tried.key}").json()
    assert told["state"] == "done" and told["report"]["seconds_per_step"] == 0.25
    assert client.get("/api/v1/training/trials/nothing").status_code == 404


@pytest.mark.training
def test_the_engine_tries_a_run_out(tmp_path):
    folder = make_run(tmp_path / "run")
    process = runner.start(folder, "trial")
    assert process.wait(300) == runner.DONE, (folder / "log.txt").read_text()
    report = json.loads((folder / "trial.json").read_text())
    assert report["samples"] == 12 and report["seconds_per_step"] > 0 and report["memory_mb"] > 0
    assert len(list((folder / "samples").glob("*.jpg"))) == 12
    assert "batch_size: 2" in (folder / "pipeline.config").read_text()
    assert "batch_size: 8" in (folder / "defaults.config").read_text()
    assert events(folder, "state")[-1]["state"] == "done"


def test_visitors_see_no_pictures(visitor):
    assert visitor.get(reverse("training:trial-sample", args=["x", 1])).status_code == 302
