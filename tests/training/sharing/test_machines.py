"""Runs, exports, trials and starts on machines that share nothing but the database and the bucket."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.files.bucket import BucketFiles
from sw_site.lib.files.where import StoreGone
from sw_site.upkeep.verifying import verify
from tests.factories import make_user
from tests.training.test_control import once_it_trains
from training import boards, configs, control
from training.actions import request_export, start_run
from training.bases import HDF5_SIGNATURE, NOTHING, base_for, save_backbone
from training.checkpoints import checkpoints_of
from training.config import TrainingSettings
from training.disk import make_room
from training.models import Run, SharedFile, TrainedModel
from training.sharing import live, sending
from training.sharing.places import run_files
from training.trials import request_trial, trial_of

pytestmark = pytest.mark.usefixtures("fake_engine")


@pytest.fixture
def trained(on, waiting_run):
    """A run that "near" has trained, looked at by the web server."""
    run = waiting_run("droids", steps=100)
    on("near")
    assert run_here(run.job).state == JobState.SUCCEEDED
    on("web")
    return Run.objects.get(pk=run.pk)


def lines(run: Run, name: str) -> list[dict]:
    return [json.loads(line) for line in (run.directory / name).read_text().splitlines()]


def test_the_web_server_has_what_another_machine_trained(trained, client):
    assert not trained.directory.exists()
    assert [kept.step for kept in checkpoints_of(trained)] == [100, 50]
    assert (trained.model.detector_folder / "model.onnx").read_bytes() == b"graph"
    assert client.get(reverse("training:run-detail", args=[trained.pk])).status_code == 200
    log = client.get(reverse("training:run-log", args=[trained.pk]))
    assert b"fake engine: training" in log.content
    (export,) = trained.model.exports.all()
    assert export.is_there and sorted(path.name for path in export.path.iterdir()) == [
        "label_map.pbtxt", "model.json", "model.onnx",
    ]  # fmt: skip


def test_a_run_goes_on_where_another_machine_left_it(on, waiting_run):
    run = waiting_run("droids wait", steps=100)
    on("near")
    assert once_it_trains(run, control.pause_run).state == JobState.CANCELLED
    on("web")
    control.resume_run(Run.objects.get(pk=run.pk))
    Run.objects.update(finish_requested=True)  # lets the stand-in come to an end
    on("far")
    assert run_here(Run.objects.get(pk=run.pk).job).state == JobState.SUCCEEDED
    starts = [line["message"] for line in lines(run, "events.jsonl") if line.get("state") == "training"]
    assert starts == ["Training from step 0 of 100.", "Training from step 1 of 100."]
    on("web")
    assert Run.objects.get(pk=run.pk).model.detector_folder.is_dir()


def test_a_run_is_extended_on_a_machine_that_did_not_train_it(on, trained):
    longer = control.extend_run(trained, 50, submit=False)
    on("far")
    assert run_here(longer.job).state == JobState.SUCCEEDED
    starts = [line["message"] for line in lines(longer, "events.jsonl") if line.get("state") == "training"]
    assert starts[-1] == "Training from step 100 of 150."


def test_a_run_starts_from_a_model_of_another_machine(on, trained, version, alice):
    base = base_for(f"model:{trained.model.pk}", alice)
    assert base.path.startswith(str(trained.directory / "best"))
    run = start_run(version, TrainingSettings.for_version(version, steps=20), user=alice, base=base, submit=False)
    on("far")
    assert run_here(run.job).state == JobState.SUCCEEDED
    told = json.loads((run.directory / "run.json").read_text())["base"]["path"]
    assert told == str(trained.directory / "best" / "ckpt-100") and (trained.directory / "best").is_dir()


def test_a_run_starts_from_a_backbone_that_was_uploaded_to_the_web_server(on, version, db):
    operator = make_user(is_staff=True)
    name = save_backbone(SimpleUploadedFile("net.weights.h5", HDF5_SIGNATURE + b"rest"), operator)
    run = start_run(
        version,
        TrainingSettings.for_version(version, steps=20),
        user=operator,
        base=base_for(f"backbone:{name}", operator),
        submit=False,
    )
    on("far")
    assert run_here(run.job).state == JobState.SUCCEEDED
    told = json.loads((run.directory / "run.json").read_text())["base"]["path"]
    assert "/far/" in told and Path(told).read_bytes() == HDF5_SIGNATURE + b"rest"


def test_an_export_is_made_by_a_machine_that_did_not_train(on, trained, fake_engine, alice):
    job = request_export(trained.model, "saved_model", user=alice, submit=False)
    on("far")
    assert run_here(job).state == JobState.SUCCEEDED
    assert [arguments[0] for _, arguments in fake_engine[-2:]] == ["records", "export"]
    on("web")
    export = trained.model.exports.get(format="saved_model")
    assert export.is_there and [path.name for path in export.path.iterdir()] == ["label_map.pbtxt"]


def test_settings_are_tried_out_elsewhere(on, version):
    trial = request_trial(version, TrainingSettings(steps=400, batch_size=4), NOTHING, submit=False)
    on("far")
    assert run_here(trial.job).state == JobState.SUCCEEDED
    on("web")
    found = trial_of(trial.key)
    assert found.state == "done" and found.report["seconds_per_step"] == 0.25 and list(found.samples) == [1]
    assert (found.folder / "samples" / "1.jpg").read_bytes() == b"a picture"


def test_a_config_that_was_brought_to_one_is_on_the_others(on, db):
    content = b'model { ssd { num_classes: 2 feature_extractor { type: "ssd_mobilenet_v2_keras" } } }'
    kept = configs.keep(content)
    on("far")
    found = configs.imported(kept.digest)
    assert "/far/" in str(found.path) and found.path.read_bytes() == content
    assert [one.digest for one in configs.all_imported()] == [kept.digest]


@pytest.mark.django_db(transaction=True)  # the thread that sends is another one
def test_what_a_run_has_learnt_is_sent_while_it_trains(on, waiting_run, settings):
    settings.SHARE_RUNS_SECONDS = 0.05
    run, seen = waiting_run("droids wait", steps=100_000), []

    def looked(run):
        return SharedFile.objects.filter(folder=f"runs/{run.pk}", name="events.jsonl").values_list("size_bytes")

    on("near")
    job = run_here(run.job, lambda fraction, message: stop_once_sent(run, looked, seen))
    assert job.state == JobState.SUCCEEDED and seen and 0 < seen[0] < looked(run).get()[0]


def stop_once_sent(run, looked, seen):
    if not seen and (size := looked(run).first()):
        seen.append(size[0])
        Run.objects.filter(pk=run.pk).update(finish_requested=True)


def test_what_cannot_be_sent_waits_and_is_sent(on, waiting_run, monkeypatch):
    """The bucket is away when a run ends: the run waits with its model in hand."""
    monkeypatch.setattr(live, "TRY_AGAIN_SECONDS", 0.01)
    usual, failed = BucketFiles.write, []

    def away(self, name, file):
        if len(failed) < 3:
            failed.append(name)
            raise StoreGone("no route")
        usual(self, name, file)

    monkeypatch.setattr(BucketFiles, "write", away)
    run, said = waiting_run("droids"), []
    on("near")
    job = run_here(run.job, lambda fraction, message: said.append(message))
    assert job.state == JobState.SUCCEEDED and live.AWAY in said and len(failed) == 3
    on("web")
    assert Run.objects.get(pk=run.pk).model.detector_folder.is_dir()


def test_who_has_lost_the_job_at_the_last_moment_registers_nothing(on, waiting_run, monkeypatch):
    usual = sending.looked_at

    def looked_at(*arguments):
        Job.objects.update(worker="far:1", attempt=2)
        return usual(*arguments)

    monkeypatch.setattr(sending, "looked_at", looked_at)
    run = waiting_run("droids")
    on("near")
    job = run_here(run.job)
    assert (job.state, job.worker) == (JobState.RUNNING, "far:1")
    assert not TrainedModel.objects.exists() and not SharedFile.objects.exists()


def test_a_run_waits_for_a_bucket_that_is_away_when_it_begins(on, trained, monkeypatch):
    monkeypatch.setattr(live, "TRY_AGAIN_SECONDS", 0.01)
    usual, failed, said = BucketFiles.fetch, [], []

    def away(self, name, path):
        if not failed:
            failed.append(name)
            raise StoreGone("no route")
        usual(self, name, path)

    monkeypatch.setattr(BucketFiles, "fetch", away)
    longer = control.extend_run(trained, 50, submit=False)
    on("far")
    assert run_here(longer.job, lambda fraction, message: said.append(message)).state == JobState.SUCCEEDED
    assert live.NOT_THERE in said and len(failed) == 1


def test_a_page_says_when_the_store_is_away(trained, client, monkeypatch):
    def away(self, name, path):
        raise StoreGone("no route")

    monkeypatch.setattr(BucketFiles, "fetch", away)
    client.raise_request_exception = False
    answer = client.get(reverse("training:run-log", args=[trained.pk]))
    assert answer.status_code == 503 and "does not answer now" in answer.content.decode()


def test_room_is_made_here_and_nowhere_else(on, trained):
    on("near")
    checkpoint = trained.directory / "checkpoints" / "ckpt-100.index"
    checkpoint.write_bytes(b"weights")
    run_files(trained).send("checkpoints")
    assert make_room(1) == [trained] and not checkpoint.exists() and (trained.directory / "best").is_dir()
    assert "fetched again when needed" in trained.history.filter(kind="disk").get().message
    control.extend_run(trained, 50, submit=False)
    assert run_files(trained).place("checkpoints").joinpath("ckpt-100.index").read_bytes() == b"weights"


def test_a_tensorboard_has_the_curves_of_another_machine(on, trained):
    on("near")
    (trained.directory / "train").mkdir()
    (trained.directory / "train" / "events.out.tfevents.1").write_bytes(b"curves")
    run_files(trained).send("train")
    on("web")
    boards.bring_summaries((trained.pk,))
    assert (trained.directory / "train" / "events.out.tfevents.1").read_bytes() == b"curves"


def test_verify_reads_what_is_shared_and_finds_what_is_gone_or_changed(trained, bucket):
    TrainedModel.objects.update(detector_sha256=hashlib.sha256(b"graph").hexdigest())  # the stand-in's is made up
    assert codes(deep=True) == set()
    row = SharedFile.objects.get(name="exports/onnx/model.onnx")
    bucket.write(row.file, io.BytesIO(b"other"))
    assert codes(deep=True) == {"shared_file_damaged"} and codes(deep=False) == set()
    bucket.delete(row.file)
    assert codes(deep=False) == {"file_missing"}


def codes(deep: bool) -> set[str]:
    return set(verify(["files", "models"], deep=deep)["counts"])


def test_a_disk_that_was_lost_is_filled_again(on, trained, waiting_run):
    on("near")
    shutil.rmtree(trained.directory)
    assert (trained.model.detector_folder / "model.onnx").read_bytes() == b"graph"
