"""Pages of runs, as Alice and as a visitor."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.factories import make_dataset, make_run, make_user, make_version
from training.bases import HDF5_SIGNATURE
from training.models import Metric, Run
from training.series import curves

RUN_PAGES = ("run-detail", "run-status", "run-series", "run-log")


def text(response):
    return response.content.decode()


@pytest.fixture
def run(waiting_run):
    return waiting_run("my droids")


@pytest.fixture
def trained(waiting_run, fake_engine):
    run = waiting_run("trained droids")
    run_here(run.job)
    return Run.objects.get(pk=run.pk)


def test_an_empty_list_says_what_this_place_is_for(client):
    assert "No runs yet" in text(client.get(reverse("training:run-list")))


def test_the_list_shows_runs_and_filters_by_state(client, run, trained):
    page = text(client.get(reverse("training:run-list")))
    assert "my droids" in page and "trained droids" in page and "50.0 %" in page
    done = text(client.get(reverse("training:run-list"), {"state": "succeeded"}))
    assert "my droids" not in done and "trained droids" in done
    assert "No runs in this state" in text(client.get(reverse("training:run-list"), {"state": "failed"}))
    assert client.get(reverse("training:run-list"), {"state": "\x00", "page": "x"}).status_code == 200


def test_the_list_costs_the_same_whatever_its_length(client, version, django_assert_max_num_queries):
    for _ in range(12):
        make_run(version)
    with django_assert_max_num_queries(8):
        client.get(reverse("training:run-list"))


@pytest.mark.parametrize("page", ["run-list", "run-create", "run-check"])
def test_visitors_are_sent_to_sign_in(visitor, page):
    response = visitor.get(reverse(f"training:{page}"))
    assert response.status_code == 302 and "sign-in" in response.url


@pytest.mark.parametrize("page", RUN_PAGES)
def test_visitors_see_no_run(visitor, run, page):
    assert visitor.get(reverse(f"training:{page}", args=[run.pk])).status_code == 302


@pytest.mark.parametrize("page", RUN_PAGES)
def test_a_run_that_is_not_there_is_404(client, page):
    assert client.get(reverse(f"training:{page}", args=[999])).status_code == 404


@pytest.mark.parametrize("page", ["run-cancel", "run-resume"])
def test_acting_needs_a_post_and_a_run(client, run, page):
    assert client.get(reverse(f"training:{page}", args=[run.pk])).status_code == 405
    assert client.post(reverse(f"training:{page}", args=[999])).status_code == 404


def test_without_a_version_the_form_sends_you_to_the_datasets(client):
    assert "There is no version to train on" in text(client.get(reverse("training:run-create")))


def test_the_form_begins_with_the_newest_version_checked(client, version):
    page = text(client.get(reverse("training:run-create")))
    assert str(version) in page
    assert "Between" in page and "1,500 of 8 images" in page and "Worth knowing" in page


def test_the_check_follows_the_answers(client, version):
    answers = {"version": version.pk, "steps": 40, "batch_size": 4, "horizontal_flip": "on"}
    page = text(client.get(reverse("training:run-check"), answers))
    assert "40 of 4 images" in page and "<html" not in page
    wrong = text(client.get(reverse("training:run-check"), {"version": version.pk, "batch_size": 0}))
    assert "Batch size" in wrong


def test_starting_makes_a_run_and_a_job_on_the_gpu_queue(client, alice, version):
    answers = {"version": version.pk, "steps": 30, "name": "star droids", "input_size": "160", "seed": "3"}
    response = client.post(reverse("training:run-create"), answers)
    run = Run.objects.get()
    assert response.status_code == 302 and response.url == run.get_absolute_url()
    assert (run.name, run.steps, run.seed, run.created_by) == ("star droids", 30, 3, alice)
    assert run.config["model"]["input_size"] == 160 and run.config["train"]["horizontal_flip"] is False
    assert (run.job.queue, run.job.kind, run.job.state, run.job.user) == ("gpu", "train", JobState.QUEUED, alice)
    assert run.job.subject_url == run.get_absolute_url()


def test_a_run_without_a_name_is_called_after_its_version(client, version):
    client.post(reverse("training:run-create"), {"version": version.pk})
    run = Run.objects.get()
    assert run.name == f"{version.dataset.name} v1 #{run.pk}" == run.config["name"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 999},
        {"version": ""},
        {"version": "x"},
        {"steps": "-1"},
        {"steps": "many"},
        {"depth_multiplier": "0.4"},
        {"input_size": "300"},
        {"learning_rate": "nan"},
        {"learning_rate": "7"},
        {"batch_size": "1e9"},
        {"base": "backbone:../../etc/passwd"},
        {"base": "model:999"},
        {"name": "x" * 200},
        {"name": "m12"},
        {"name": "with\x00nul"},
        {"augmentation": "everything"},
        {"seed": "-5"},
    ],
)
def test_wrong_answers_start_nothing(client, version, wrong):
    response = client.post(reverse("training:run-create"), {"version": version.pk, **wrong})
    assert response.status_code == 422
    assert "errorlist" in text(response)
    assert not Run.objects.exists() and not Job.objects.exists()


def test_a_version_without_validation_boxes_is_refused_with_what_to_do(client, db):
    version = make_version(make_dataset(), images=2)
    response = client.post(reverse("training:run-create"), {"version": version.pk})
    assert response.status_code == 422 and "no validation images" in text(response)
    assert not Run.objects.exists()


def test_running_again_begins_with_the_same_answers(client, run):
    page = text(client.get(reverse("training:run-create"), {"again": run.pk}))
    assert 'name="steps" value="20"' in page
    assert client.get(reverse("training:run-create"), {"again": "x"}).status_code == 200


def test_a_waiting_run_polls_and_can_be_cancelled(client, run):
    page = text(client.get(run.get_absolute_url()))
    assert 'hx-trigger="every 1s"' in page and "Cancel the run" in page and "Waiting for a worker" in page
    assert reverse("training:run-series", args=[run.pk]) in page
    response = client.post(reverse("training:run-cancel", args=[run.pk]), follow=True)
    assert "was asked to stop" in text(response)
    run.job.refresh_from_db()
    assert run.job.state == JobState.CANCELLED
    again = client.post(reverse("training:run-cancel", args=[run.pk]), follow=True)
    assert "has ended already" in text(again)


def test_a_cancelled_run_goes_on_when_asked(client, run):
    run.job.request_cancel()
    client.post(reverse("training:run-resume", args=[run.pk]))
    run.job.refresh_from_db()
    assert run.job.state == JobState.QUEUED
    assert "neither failed nor cancelled" in text(
        client.post(reverse("training:run-resume", args=[run.pk]), follow=True)
    )


def test_a_trained_run_shows_its_figures_and_stops_polling(client, trained):
    page = text(client.get(trained.get_absolute_url()))
    assert 'hx-trigger="every 1s"' not in page
    assert "Open the model" in page and "Run again" in page
    assert "R2-D2" in page and "90.0 %" in page


def test_the_status_fragment_fetches_the_page_anew_at_the_end(client, run, trained):
    waiting = client.get(reverse("training:run-status", args=[run.pk]))
    assert "HX-Refresh" not in waiting and "<html" not in text(waiting)
    assert client.get(reverse("training:run-status", args=[trained.pk]))["HX-Refresh"] == "true"


def test_a_failed_run_shows_what_went_wrong(client, waiting_run, fake_engine):
    run = waiting_run("droids crash")
    run_here(run.job)
    page = text(client.get(run.get_absolute_url()))
    assert "half the batch size" in page and "Go on from its last checkpoint" in page


def test_the_log_is_the_jobs_and_the_engines(client, run, trained):
    assert text(client.get(reverse("training:run-log", args=[run.pk]))) == "Nothing has been written yet."
    response = client.get(reverse("training:run-log", args=[trained.pk]))
    assert response.status_code == 286
    assert "Loading TensorFlow." in text(response) and "fake engine: training" in text(response)


def test_the_log_cannot_smuggle_markup_into_the_page(client, run):
    Job.objects.filter(pk=run.job_id).update(log="<script>alert(1)</script>")
    assert text(client.get(reverse("training:run-log", args=[run.pk]))) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_series_are_thinned_and_say_whether_more_comes(client, run):
    Metric.objects.bulk_create(Metric(run=run, name="total_loss", step=n, value=1 / (n + 1)) for n in range(3000))
    answer = client.get(reverse("training:run-series", args=[run.pk])).json()
    assert answer["finished"] is False
    assert len(answer["series"]["total_loss"]) == 1000
    assert answer["series"]["total_loss"][-1] == [2999, 1 / 3000]


def test_curves_of_other_steps_but_the_same_length_are_thinned_each_by_itself(run):
    rows = [("even", n, 2 * n if n < 2999 else 6001) for n in range(3000)]
    rows += [("odd", n, 2 * n + 1 if n < 2999 else 6001) for n in range(3000)] + [("short", 7, 7)]
    Metric.objects.bulk_create(Metric(run=run, name=name, step=step, value=n) for name, n, step in rows)
    found = curves(run)
    assert {name: len(points) for name, points in found.items()} == {"even": 1000, "odd": 1000, "short": 1}
    assert found["odd"][0] == [1, 0] and found["odd"][-1] == [6001, 2999]
    assert all(step % 2 for step, _ in found["odd"]) and [step for step, _ in found["even"][:2]] == [0, 8]


def test_an_open_page_reads_only_what_is_new_until_the_run_goes_back(client, run, django_assert_max_num_queries):
    url = reverse("training:run-series", args=[run.pk])

    def ask(before):
        return client.get(url, {"after": before["newest"], "story": before["story"]}).json()

    def store(*rows):
        Metric.objects.bulk_create(Metric(run=run, name=name, step=step, value=0.5) for name, step in rows)

    store(*(("total_loss", n) for n in range(1, 1201)))
    first = client.get(url).json()
    assert 990 < len(first["series"]["total_loss"]) <= 1000 and first["goes_on"] is False
    store(("total_loss", 1201), ("ap", 1200))
    second = ask(first)
    assert second["series"] == {"total_loss": [[1201, 0.5]], "ap": [[1200, 0.5]]} and second["goes_on"] is True
    with django_assert_max_num_queries(8):
        third = ask(second)
    assert third["series"] == {} and third["newest"] == second["newest"]
    run.note("mended", "From step 1,000 once more.")
    anew = ask(third)
    assert anew["goes_on"] is False and 990 < len(anew["series"]["total_loss"]) <= 1000
    assert client.get(url, {"after": "x" * 40, "story": anew["story"]}).json()["goes_on"] is False
    api = client.get(f"/api/v1/training/runs/{run.pk}/series", {"after": first["newest"], "story": anew["story"]})
    assert set(api.json()["series"]) == {"total_loss", "ap"} and api.json()["goes_on"] is True


def test_curves_of_the_same_steps_are_read_together(run, django_assert_num_queries):
    names = ("total_loss", "localization_loss", "learning_rate")
    Metric.objects.bulk_create(Metric(run=run, name=name, step=10 * n, value=n) for name in names for n in range(2500))
    with django_assert_num_queries(3):
        found = curves(run)
    assert set(found) == set(names) and all(found[name] == found["total_loss"] for name in names)
    assert (len(found["learning_rate"]), found["learning_rate"][-1]) == (1000, [24990, 2499])


def test_staff_add_a_backbone_and_can_start_from_it(version, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    browser = Client()
    browser.force_login(make_user("operator", is_staff=True))
    file = SimpleUploadedFile("net.weights.h5", HDF5_SIGNATURE + b"...")
    response = browser.post(reverse("training:backbone-create"), {"backbone": file}, follow=True)
    assert "net.weights.h5 is kept" in text(response) and "Backbone net.weights.h5" in text(response)
    browser.post(reverse("training:run-create"), {"version": version.pk, "base": "backbone:net.weights.h5"})
    path = str(tmp_path / "backbones" / "net.weights.h5")
    assert Run.objects.get().config["base"] == {"kind": "backbone", "path": path}
    again = browser.get(reverse("training:run-create"), {"again": Run.objects.get().pk})
    assert '<option value="backbone:net.weights.h5" selected>' in text(again)


def test_others_add_no_backbone(client, version, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "Add a backbone" not in text(client.get(reverse("training:run-create")))
    file = SimpleUploadedFile("net.weights.h5", HDF5_SIGNATURE)
    response = client.post(reverse("training:backbone-create"), {"backbone": file}, follow=True)
    assert response.status_code == 403 and "This is for administrators of the site" in text(response)
    assert not (tmp_path / "backbones").exists()


def test_an_administrator_who_sends_no_file_is_told_so(version, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    browser = Client()
    browser.force_login(make_user("operator", is_staff=True))
    assert "No file arrived" in text(browser.post(reverse("training:backbone-create"), follow=True))
    assert not (tmp_path / "backbones").exists()
