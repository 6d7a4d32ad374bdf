"""What people do with a run that is there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.order import queue_order
from sw_site.jobs.queue import enqueue, run_here
from sw_site.lib.errors import UserError
from training import control
from training.disk import DATA_GONE, make_room
from training.mending import mend_for
from training.models import Run

pytestmark = pytest.mark.usefixtures("fake_engine")


@pytest.fixture
def trained(waiting_run):
    run = waiting_run("droids", steps=100)
    assert run_here(run.job).state == JobState.SUCCEEDED
    return Run.objects.get(pk=run.pk)


def once_it_trains(run, action):
    """Run the job here and do this once as soon as it has taken a step."""
    done = []

    def report(fraction, message):
        run.refresh_from_db()
        if run.step and not done:
            done.append(action(run))

    job = run_here(run.job, report)
    assert done
    run.refresh_from_db()
    return job


def test_stop_and_keep_ends_in_a_model_of_what_was_learnt(waiting_run, alice):
    run = waiting_run("droids wait", steps=100_000)
    job = once_it_trains(run, lambda run: control.stop_and_keep(run, alice))
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert run.model.step == run.step < 100
    assert run.history.get(kind="stopped").user == alice


def test_a_run_that_does_not_train_cannot_stop_and_keep(waiting_run):
    with pytest.raises(UserError, match="cancel it instead"):
        control.stop_and_keep(waiting_run("droids"))


def test_a_paused_run_is_not_cancelled_and_goes_on_where_it_was(waiting_run, alice, monkeypatch):
    run = waiting_run("droids wait", steps=40)
    job = once_it_trains(run, lambda run: control.pause_run(run, alice))
    run = Run.objects.get(pk=run.pk)
    assert job.state == JobState.CANCELLED and run.is_paused and run.state_word == "Paused"
    control.resume_run(run, alice)
    Run.objects.update(finish_requested=True)  # lets the stand-in come to an end
    assert run_here(run.job).state == JobState.SUCCEEDED
    run = Run.objects.get(pk=run.pk)
    assert not run.is_paused and run.model.pk
    assert [line.kind for line in run.history.all()] == ["started", "paused", "resumed", "ended"]


def test_an_extended_run_goes_on_with_checkpoints_and_records_of_its_own(trained, alice):
    (trained.directory / "train-00000-of-00001.record").write_bytes(b"records")
    longer = control.extend_run(trained, 50, user=alice, submit=False)
    assert (longer.steps, longer.step, longer.continues, longer.best_ap) == (150, 100, trained, 0.5)
    assert longer.config["train"]["steps"] == 150
    assert run_here(longer.job).state == JobState.SUCCEEDED
    longer.refresh_from_db()
    assert sorted(longer.metrics.filter(name="total_loss").values_list("step", flat=True)) == list(range(101, 151))
    assert longer.model.step == 150 and trained.model.step == 100
    record = "train-00000-of-00001.record"
    assert (longer.directory / record).samefile(trained.directory / record)


@pytest.mark.parametrize("steps", [0, -5, 10**9])
def test_a_run_is_not_extended_by_nonsense(trained, steps):
    with pytest.raises(UserError, match="more steps"):
        control.extend_run(trained, steps)
    assert Run.objects.count() == 1


def test_a_run_is_not_extended_while_it_waits_or_without_checkpoints(waiting_run, trained):
    with pytest.raises(UserError, match="not ended yet"):
        control.extend_run(waiting_run("other"), 10)
    for path in (trained.directory / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="Train on from its model"):
        control.extend_run(trained, 10)


def test_a_run_put_first_is_delivered_first(waiting_run, django_capture_on_commit_callbacks):
    runs = [waiting_run(f"run {n}") for n in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        for run in runs:
            enqueue(run.job)
    assert [control.place_in_queue(run.job) for run in runs] == [1, 2, 3]
    control.set_priority(runs[2], "first")
    control.set_priority(runs[0], "last")
    jobs = [Job.objects.get(pk=run.job_id) for run in runs]
    assert [control.place_in_queue(job) for job in jobs] == [3, 2, 1]
    delivered = queue_order("gpu")
    assert delivered == [runs[2].job_id, runs[1].job_id, runs[0].job_id]


def test_a_place_that_does_not_exist_and_a_run_that_does_not_wait_are_refused(waiting_run, trained):
    with pytest.raises(UserError, match="no place in the queue"):
        control.set_priority(waiting_run("other"), "tomorrow")
    with pytest.raises(UserError, match="not waiting"):
        control.set_priority(trained, "first")


@pytest.mark.parametrize(
    ("name", "key", "batch", "rate"),
    [("droids crash", "half_batch", 4, 0.5), ("droids nan", "tenth_rate", 8, 0.1)],
)
def test_a_mend_runs_again_with_what_the_cause_asks_for(waiting_run, alice, name, key, batch, rate):
    run = waiting_run(name, batch_size=8)
    assert run_here(run.job).state == JobState.FAILED
    run = Run.objects.get(pk=run.pk)
    assert mend_for(run).key == key
    again = control.mend_run(run, user=alice, submit=False)
    before, after = run.config["train"], again.config["train"]
    assert after["batch_size"] == batch
    assert after["learning_rate"] == pytest.approx(before["learning_rate"] * rate)
    assert f"made from {name}" in again.history.last().message


def test_a_run_without_a_mend_says_so(trained):
    with pytest.raises(UserError, match="nothing that the site could mend"):
        control.mend_run(trained)


def test_the_budget_takes_working_files_of_the_oldest_and_leaves_models_and_pinned_runs(waiting_run, alice):
    runs = [waiting_run(f"run {n}", steps=100) for n in range(3)]
    for run in runs:
        run_here(run.job)
        (run.directory / "train-00000-of-00001.record").write_bytes(b"r" * 1000)
    control.set_pinned(runs[0], True, alice)
    assert [run.pk for run in make_room(1000)] == [runs[1].pk]
    gone = runs[1].directory
    assert (gone / DATA_GONE).exists() and not list(gone.glob("*.record")) and not list(gone.glob("checkpoints/*"))
    assert list(gone.glob("best/*.index")) and (gone / "exports" / "onnx" / "model.onnx").exists()
    assert (runs[0].directory / "train-00000-of-00001.record").exists()
    assert "removed to make room" in runs[1].history.last().message


def test_without_a_limit_nothing_is_removed(trained, settings):
    settings.RUNS_BUDGET_GB = 0
    assert make_room() == []


def test_the_buttons_do_it_and_say_so(client, waiting_run):
    run = waiting_run("droids")
    answer = client.post(reverse("training:run-pause", args=[run.pk]), follow=True).content.decode()
    assert "saves a checkpoint and pauses" in answer and "Paused at step 0" in answer and "Resume" in answer
    answer = client.post(reverse("training:run-resume", args=[run.pk]), follow=True).content.decode()
    assert "Number 1 in the queue" in answer
    answer = client.post(reverse("training:run-priority", args=[run.pk]), {"priority": "last"}, follow=True)
    assert "has its new place" in answer.content.decode()
    answer = client.post(reverse("training:run-pin", args=[run.pk]), {"pinned": "1"}, follow=True).content.decode()
    assert "keeps all its files" in answer and "Unpin" in answer


@pytest.mark.parametrize("steps", ["", "x", "-3", "1e9", "²"])
def test_extending_needs_a_number(client, trained, steps):
    answer = client.post(reverse("training:run-extend", args=[trained.pk]), {"steps": steps}, follow=True)
    assert "number of steps" in answer.content.decode()


def test_a_failed_run_offers_its_mend(client, waiting_run):
    run = waiting_run("droids nan")
    run_here(run.job)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Run again with a tenth of the learning rate" in page
    answer = client.post(reverse("training:run-mend", args=[run.pk]), follow=True)
    assert "is waiting for a worker" in answer.content.decode()
    assert Run.objects.count() == 2


@pytest.mark.parametrize("action", ["finish", "pause", "resume", "extend", "mend", "priority", "pin"])
def test_acting_is_a_post_on_a_run_one_may_see(client, visitor, waiting_run, action):
    address = reverse(f"training:run-{action}", args=[waiting_run("droids").pk])
    assert client.get(address).status_code == 405
    assert client.post(reverse(f"training:run-{action}", args=[999])).status_code == 404
    assert "sign-in" in visitor.post(address).url


def test_the_api_does_the_same(client, trained):
    url = f"/api/v1/training/runs/{trained.pk}"
    made = client.post(f"{url}/extend", {"steps": 20}, content_type="application/json")
    assert made.status_code == 201 and made.json()["steps"] == 120 and made.json()["continues"] == trained.pk
    assert client.post(f"{url}/finish").json()["error"]["code"] == "not_training"
    assert client.post(f"{url}/mend").status_code == 409
    assert client.post(f"{url}/pin", {"pinned": True}, content_type="application/json").json()["pinned"] is True
    checkpoints = client.get(f"{url}/checkpoints").json()
    assert [(one["step"], one["best"], one["ap"]) for one in checkpoints][0] == (100, True, 0.5)
    assert [line["kind"] for line in client.get(f"{url}/history").json()["items"]] == [
        "started",
        "ended",
        "extended",
        "disk",
    ]
    frames = client.get(f"{url}/frames").json()["items"]
    assert [frame["step"] for frame in frames] == [50, 100]
    assert frames[0]["photos"][0]["boxes"] == [[10.0, 20.0, 90.0, 80.0, 1, 0.9]]
    formats = client.get("/api/v1/training/formats/faster_rcnn_resnet50_keras").json()
    assert {one["value"] for one in formats if one["reason"]} == {"tflite", "tflite_float16", "tflite_int8"}
