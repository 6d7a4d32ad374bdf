"""Training as a job, with the engine's stand-in as the child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import retry, run_here
from sw_site.jobs.shutdown import stopping
from tests.factories import make_model
from training import children, jobs
from training.actions import request_export
from training.mending import mend_for
from training.models import Metric, TrainedModel
from training.registry import register

pytestmark = pytest.mark.usefixtures("fake_engine")


def finished(run):
    job = run_here(run.job)
    run.refresh_from_db()
    return job


def lines(run):
    return [json.loads(line) for line in (run.directory / "events.jsonl").read_text().splitlines()]


def test_success_registers_the_model(waiting_run):
    run = waiting_run("droids")
    job = finished(run)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    model = TrainedModel.objects.get(run=run)
    assert (model.name, model.step, model.ap, model.ap50) == ("droids", 20, 0.5, 0.9)
    assert model.classes == {"1": "BB-8", "2": "R2-D2"}
    assert (model.detector_sha256, model.size_bytes) == ("a" * 64, 5)
    assert job.result == {"run": run.pk, "model": model.pk, "steps": 20, "val": {"ap": 0.5, "ap50": 0.9}}
    assert job.progress == 1.0 and "AP 50.0 %" in job.message


def test_success_leaves_curves_figures_and_the_graph_as_an_export(waiting_run):
    run = waiting_run("droids")
    finished(run)
    machine = {"cpu_percent", "memory_mb", "gpu_percent", "gpu_memory_mb"}
    names = set(Metric.objects.filter(run=run).values_list("name", flat=True))
    assert names - machine == {
        "total_loss", "localization_loss", "classification_loss", "regularization_loss",
        "learning_rate", "steps_per_second", "ap", "ap50",
    }  # fmt: skip
    assert Metric.objects.get(run=run, name="total_loss", step=4).value == 0.5
    assert (run.step, run.phase, run.steps_per_second) == (20, "done", 4.0)
    assert (run.best_step, run.best_ap, run.best_per_class["BB-8"]) == (20, 0.5, {"ap": 0.5, "ap50": 0.9})
    export = run.model.exports.get()
    assert (export.format, export.max_box_difference, export.path.is_dir()) == ("onnx", 1e-7, True)


def test_a_job_whose_run_is_gone_ends_quietly(waiting_run):
    run = waiting_run()
    job = run.job
    run.delete()
    assert run_here(job).state == JobState.SUCCEEDED


def test_cancel_stops_the_child_and_keeps_a_checkpoint(waiting_run):
    run = waiting_run("droids hang")
    running = threading.Event()

    def cancel_once_it_trains(fraction, message):
        if "Step" in message:
            Job.objects.filter(pk=run.job_id).update(cancel_requested=True)
            running.set()

    job = run_here(run.job, cancel_once_it_trains)
    assert running.is_set()
    assert job.state == JobState.CANCELLED
    assert (run.directory / "checkpoints" / "ckpt-1.index").exists()
    assert lines(run)[-1]["state"] == "cancelled"
    assert not (run.directory / "engine.pid").exists()
    run.refresh_from_db()
    assert run.phase == "cancelled"
    assert not TrainedModel.objects.exists()


def test_a_stopping_worker_stops_the_child_and_puts_the_job_back(waiting_run):
    run = waiting_run("droids hang")
    try:
        job = run_here(run.job, lambda fraction, message: stopping.set() if "Step" in message else None)
    finally:
        stopping.clear()
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)
    assert (run.directory / "checkpoints" / "ckpt-1.index").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("droids crash", "half the batch size"),
        ("droids nan", "lower the learning rate"),
        ("droids refuse", "choose another one"),
        ("droids no-graph", "left no exported graph"),
    ],
)
def test_failures_say_what_to_do(waiting_run, name, words):
    run = waiting_run(name)
    job = finished(run)
    assert job.state == JobState.FAILED
    assert words in job.error
    assert not TrainedModel.objects.exists()


def test_a_failure_keeps_the_end_of_the_engines_log(waiting_run):
    job = finished(waiting_run("droids crash"))
    assert "OOM when allocating" in job.log


def test_a_killed_engine_goes_on_by_itself_and_stores_no_event_twice(waiting_run):
    run = waiting_run("droids die-once", steps=120)
    assert finished(run).state == JobState.SUCCEEDED
    assert lines(run)[-2]["type"] == "result"
    steps = list(Metric.objects.filter(run=run, name="total_loss").values_list("step", flat=True))
    assert steps == list(range(1, 121))
    (line,) = run.history.filter(kind="mended")
    assert line.message.startswith("The training was killed near step") and "1 of 3 times" in line.message
    assert run.model.step == 120


def test_an_engine_killed_again_and_again_gets_smaller_batches_and_then_fails_with_a_mend(waiting_run):
    run = waiting_run("droids die", steps=120, batch_size=8)
    job = finished(run)
    assert job.state == JobState.FAILED and "killed" in job.error
    said = [line.message for line in run.history.filter(kind="mended")]
    assert len(said) == 3
    assert "batches" not in said[0] and "4 instead of 8" in said[1] and "2 instead of 4" in said[2]
    assert run.error_code == "killed" and mend_for(run).key == "half_batch"


@pytest.mark.parametrize("name", ["droids heal-nan", "droids heal-oom"])
def test_what_the_engine_mends_ends_in_a_model_and_stands_in_the_history(waiting_run, name):
    run = waiting_run(name, steps=120)
    assert finished(run).state == JobState.SUCCEEDED
    assert run.model.step == 120
    (line,) = run.history.filter(kind="mended")
    assert line.message == "It went wrong at step 51: going on from step 50." and line.user is None


def test_a_run_taken_up_again_rewrites_nothing_the_records_stand_on(waiting_run):
    run = waiting_run("droids die", steps=120)
    finished(run)
    before = (run.directory / "dataset.json").stat().st_mtime_ns
    retry(run.job)
    finished(run)
    assert (run.directory / "dataset.json").stat().st_mtime_ns == before


ORPHAN = """
import pathlib, signal, sys, time
def stop(*_):
    pathlib.Path(sys.argv[1], "saved").touch()
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"""


def test_the_child_of_a_dead_worker_is_stopped_first(tmp_path):
    argv = [sys.executable, "-c", ORPHAN, str(tmp_path)]
    with subprocess.Popen(argv, start_new_session=True, stdout=subprocess.PIPE) as orphan:
        assert orphan.stdout.readline() == b"ready\n"
        note = tmp_path / "engine.pid"
        note.write_text(json.dumps({"host": children.socket.gethostname(), "pid": orphan.pid}))
        children.stop_orphan(note)
    assert (tmp_path / "saved").exists()


@pytest.mark.parametrize("text", ["", "not json", "{}", '{"host": "elsewhere", "pid": 1}'])
def test_a_note_that_says_nothing_stops_nothing(tmp_path, text):
    note = tmp_path / "engine.pid"
    note.write_text(text)
    assert children.pid_of(note) is None
    children.stop_orphan(note)


def test_a_number_that_belongs_to_another_process_is_left_alone(tmp_path, monkeypatch):
    signalled = []
    monkeypatch.setattr(children.os, "killpg", lambda *arguments: signalled.append(arguments))
    note = tmp_path / "engine.pid"
    note.write_text(json.dumps({"host": children.socket.gethostname(), "pid": os.getpid()}))
    children.stop_orphan(note)
    assert signalled == []


def test_a_run_without_onnx_is_registered_with_its_frozen_graph(waiting_run):
    run = waiting_run("droids")
    finished(run)
    exports = run.directory / "exports"
    folder = (exports / "onnx").rename(exports / "frozen_graph")
    (folder / "model.onnx").rename(folder / "frozen_inference_graph.pb")
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, "file": "frozen_inference_graph.pb", "sha256": "b" * 64}))
    model = register(run)
    assert model.detector_folder == folder and model.detector_sha256 == "b" * 64
    assert model.exports.filter(format="frozen_graph", folder="exports/frozen_graph").exists()


def test_two_runs_of_one_name_make_two_models(waiting_run):
    first, second = waiting_run("droids"), waiting_run("droids")
    finished(first), finished(second)
    assert [first.model.name, second.model.name] == ["droids", f"droids #{second.pk}"]


def test_export_stores_the_row_and_the_files(waiting_run, fake_engine, alice):
    run = waiting_run("droids")
    finished(run)
    job = run_here(request_export(run.model, "saved_model", user=alice, submit=False))
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    export = run.model.exports.get(format="saved_model")
    assert (export.path / "label_map.pbtxt").exists()
    assert export.max_score_difference == 2e-7
    assert fake_engine[-1][1][:3] == ("export", "--format", "saved_model")


def test_an_export_that_differs_from_its_checkpoint_fails_with_the_engines_sentence(waiting_run, alice):
    run = waiting_run("droids no-export")
    finished(run)
    job = run_here(request_export(run.model, "frozen_graph", user=alice, submit=False))
    assert job.state == JobState.FAILED and "does not answer like its checkpoint" in job.error
    assert not run.model.exports.filter(format="frozen_graph").exists()


def test_exporting_a_model_that_is_gone_ends_quietly(db):
    assert jobs.export_model(None, model_id=99, format="onnx") is None


def test_exporting_without_a_run_directory_fails_with_a_sentence(alice):
    model = make_model()
    job = run_here(request_export(model, "saved_model", user=alice, submit=False))
    assert job.state == JobState.FAILED and "stopped unexpectedly" in job.error
