"""`manage.py train` and `manage.py export_model`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sw_site.jobs.models import Job, JobState
from training.bases import HDF5_SIGNATURE
from training.models import Run, TrainedModel

pytestmark = pytest.mark.usefixtures("fake_engine")


def command(*arguments):
    out = io.StringIO()
    call_command(*[str(argument) for argument in arguments], stdout=out)
    return out.getvalue()


def train(version, *arguments):
    return command("train", version.dataset.name, "--steps", 20, *arguments)


def test_train_waits_and_answers_as_the_docs_say(version):
    answer = json.loads(train(version, "--model", "cli droids", "--json").splitlines()[-1])
    run = Run.objects.get()
    assert answer == {"run": run.pk, "model": "cli droids", "steps": 20, "val": {"ap": 0.5, "ap50": 0.9}}
    assert run.job.state == JobState.SUCCEEDED


def test_train_says_it_in_words(version):
    assert "after 20 steps: AP 50.0 %, AP50 90.0 % on validation." in train(version)


def test_train_takes_the_slug_and_a_version_number(version):
    answer = json.loads(command("train", version.dataset.slug, "--version", 1, "--steps", 20, "--json"))
    assert Run.objects.get(pk=answer["run"]).version == version


def test_train_passes_every_setting_on(version, tmp_path):
    backbone = tmp_path / "net.weights.h5"
    backbone.write_bytes(HDF5_SIGNATURE)
    settings = [
        "--batch-size",
        4,
        "--input-size",
        160,
        "--depth-multiplier",
        0.5,
        "--seed",
        9,
        "--learning-rate",
        0.003,
    ]
    train(version, *settings, "--base", backbone)
    config = Run.objects.get().config
    assert config["model"] == {"architecture": "ssd_mobilenet_v2_fpn_keras", "depth_multiplier": 0.5, "input_size": 160}
    assert (config["train"]["batch_size"], config["train"]["learning_rate"], config["seed"]) == (4, 0.003, 9)
    assert config["base"] == {"kind": "backbone", "path": str(backbone)}


def test_train_on_from_a_model(version):
    train(version, "--model", "first droids")
    train(version, "--base", "first droids")
    first, second = Run.objects.order_by("pk")
    assert second.base_model == first.model
    assert second.config["base"]["path"] == str(first.directory / "best" / "ckpt-20")


def test_train_can_leave_it_to_a_worker(version, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        answer = json.loads(train(version, "--queue", "--json"))
    run = Run.objects.get()
    assert answer == {"run": run.pk, "model": None, "steps": 20, "val": {"ap": None, "ap50": None}}
    assert run.job.state == JobState.QUEUED and len(callbacks) == 1
    assert "is waiting for a worker" in train(version, "--queue")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "no dataset called"),
        (["{name}", "--version", "7"], "no version 7"),
        (["{name}", "--steps", "0"], "must be from 1"),
        (["{name}", "--input-size", "30"], "from 96 to 1,024"),
        (["{name}", "--base", "nothing"], "neither a model"),
        (["{name}", "--base", "gone.weights.h5"], "There is no file"),
        (["{name}", "--model", "m5"], "looks like a model's number"),
    ],
)
def test_train_refuses_with_a_sentence_and_starts_nothing(version, arguments, words):
    with pytest.raises(CommandError, match=words):
        command("train", *[argument.format(name=version.dataset.name) for argument in arguments])
    assert not Run.objects.exists() and not Job.objects.exists()


def test_a_failed_training_is_the_commands_failure(version):
    with pytest.raises(CommandError, match="lower the learning rate"):
        train(version, "--model", "droids nan")


def test_an_error_is_json_too(version):
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("train", "nobody", "--json", stdout=out)
    assert json.loads(out.getvalue())["error"]["code"] == "no_such_dataset"


def test_the_keyboard_cancels(version, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("training.following.RunFollower.pull", interrupt)
    with pytest.raises(CommandError, match="Cancelled"):
        train(version)
    run = Run.objects.get()
    assert run.job.state == JobState.CANCELLED
    assert not (run.directory / "engine.pid").exists()


@pytest.fixture
def model(version) -> TrainedModel:
    train(version, "--model", "cli droids")
    return TrainedModel.objects.get()


@pytest.mark.parametrize("format", ["onnx", "saved_model", "frozen_graph"])
def test_export_writes_a_folder(model, tmp_path, format):
    output = tmp_path / "out" / format
    answer = json.loads(command("export_model", f"m{model.pk}", "--format", format, "--output", output, "--json"))
    assert (output / "label_map.pbtxt").exists()
    assert (answer["model"], answer["format"], answer["output"]) == ("cli droids", format, str(output))
    assert answer["max_box_difference"] == 1e-7


def test_formats_may_share_a_folder_and_nothing_in_it_is_overwritten(model, tmp_path):
    for _ in range(2):  # the same again is no harm
        for format in ("onnx", "frozen_graph"):
            command("export_model", "cli droids", "--format", format, "--output", tmp_path / "all")
    assert (tmp_path / "all" / "label_map.pbtxt").exists()
    (tmp_path / "all" / "label_map.pbtxt").write_text("my own")
    with pytest.raises(CommandError, match="holds another label_map.pbtxt"):
        command("export_model", "cli droids", "--format", "onnx", "--output", tmp_path / "all")
    assert (tmp_path / "all" / "label_map.pbtxt").read_text() == "my own"
    assert not list(tmp_path.rglob("*.part"))


def test_export_of_an_unknown_model_names_the_known(model, tmp_path):
    with pytest.raises(CommandError, match="There are: cli droids"):
        command("export_model", "nobody", "--format", "onnx", "--output", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_failed_export_leaves_no_folder(version, tmp_path):
    train(version, "--model", "droids no-export")
    with pytest.raises(CommandError, match="does not answer like its checkpoint"):
        command("export_model", "droids no-export", "--format", "saved_model", "--output", tmp_path / "x")
    assert not (tmp_path / "x").exists()
