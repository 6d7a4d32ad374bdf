"""What the form of a run asks can be said over the API and on the command line, and a run can be done again there."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.urls import reverse
from django.utils import timezone

from sw_site.jobs.models import Worker
from tests.factories import make_run
from training.api import RunIn
from training.forms import CONFIG_FIELDS, RunForm
from training.models import Run

#: How commands call what the form calls otherwise.
AS_OPTION = {"name": "model", "version": "number"}
CHANGED = {
    "steps": 77, "batch_size": 4, "learning_rate": 0.005, "architecture": "ssd_mobilenet_v2_keras",
    "input_size": 256, "augmentation": "flip", "horizontal_flip": False, "patience": 3, "seed": 9,
}  # fmt: skip


def fields(user) -> set[str]:
    return set(RunForm(user).fields) - {"config_before", "config_text"}


def test_every_answer_of_the_form_can_be_given_to_the_api(alice):
    assert fields(alice) <= set(RunIn.model_fields) and set(CONFIG_FIELDS) - {"overrides"} == {
        "config_before", "config_text",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["train", "preflight"])
def test_every_answer_of_the_form_can_be_given_to_the_commands(alice, command):
    known = {action.dest for action in load_command_class("training", command).create_parser("", "")._actions}
    asked = {AS_OPTION.get(name, name) for name in fields(alice)}
    assert asked - known == ({"model", "host"} if command == "preflight" else set())


@pytest.mark.usefixtures("fake_engine")
class TestDoneAgain:
    @pytest.fixture
    def run(self, waiting_run):
        return waiting_run("first", **CHANGED)

    def test_over_the_api(self, client, run):
        body = {"like": run.pk, "name": "again", "batch_size": 2}
        answer = client.post("/api/v1/training/runs", json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.content
        self.check(run, Run.objects.get(pk=answer.json()["id"]))

    def test_on_the_command_line(self, run):
        call_command("train", "--like", run.pk, "--model", "again", "--batch-size", 2, "--queue")
        self.check(run, Run.objects.latest("pk"))

    def check(self, run, again):
        train, before = again.config["train"], run.config["train"]
        assert again.version == run.version and again.name == "again" and train["batch_size"] == 2
        assert {**train, "batch_size": 4} == before and again.config["model"] == run.config["model"]
        assert again.seed == run.seed == 9 and train["horizontal_flip"] is False

    def test_with_another_network_its_own_sizes(self, client, run):
        body = {"like": run.pk, "architecture": "efficientdet_d0", "seed": 10}
        answer = client.post("/api/v1/training/runs", json.dumps(body), content_type="application/json").json()
        again = Run.objects.get(pk=answer["id"])
        assert again.config["model"]["architecture"] == "efficientdet_d0" and again.config["model"]["input_size"] == 512
        assert again.config["train"]["batch_size"] == 4 and again.steps == 77 and again.seed == 10

    def test_its_page_says_when_the_start_is_gone(self, client, run):
        base = {"kind": "checkpoint", "path": "/gone/ckpt-1", "classes": []}
        Run.objects.filter(pk=run.pk).update(config={**run.config, "base": base})
        page = client.get(reverse("training:run-create"), {"again": run.pk}).content.decode()
        assert "is not here any more" in page

    def test_by_its_page(self, client, run):
        page = client.get(reverse("training:run-create"), {"again": run.pk}).content.decode()
        assert 'value="77"' in page and '<option value="256" selected>' in page

    def test_a_start_that_is_gone_is_said(self, client, run):
        Run.objects.filter(pk=run.pk).update(
            config={**run.config, "base": {"kind": "checkpoint", "path": "/gone/ckpt-1", "classes": []}}
        )
        answer = client.post("/api/v1/training/runs", json.dumps({"like": run.pk}), content_type="application/json")
        assert answer.status_code == 409 and answer.json()["error"]["code"] == "start_gone"

    def test_what_is_missing_is_said(self, client):
        answer = client.post("/api/v1/training/runs", "{}", content_type="application/json")
        assert answer.json()["error"]["code"] == "no_version"
        with pytest.raises(CommandError, match="which run to do again"):
            call_command("train")
        with pytest.raises(CommandError, match="no run 9999"):
            call_command("train", "--like", 9999)

    def test_on_a_machine(self, client, run, version):
        body = {"version": version.pk, "host": "far"}
        post = lambda: client.post("/api/v1/training/runs", json.dumps(body), content_type="application/json")  # noqa: E731
        assert post().json()["error"]["code"] == "no_such_machine"
        Worker.objects.create(name="far:1", host="far", queues=["gpu"], seen_at=timezone.now())
        assert Run.objects.get(pk=post().json()["id"]).job.host == "far"
        run.refresh_from_db()
        moved = client.post(reverse("training:run-host", args=[run.pk]), {"host": "far"}, follow=True)
        assert "waits for the machine far" in moved.content.decode()
        assert Run.objects.get(pk=run.pk).job.host == "far"


def test_the_whole_config_without_training(version, capsys):
    call_command("train", version.dataset.slug, "--show-config", "--set", "train_config.gradient_clipping_by_norm=5")
    assert "gradient_clipping_by_norm: 5" in capsys.readouterr().out and not Run.objects.exists()


def test_runs_are_compared(version, capsys):
    one, two = make_run(version, seed=1), make_run(version, seed=2)
    call_command("compare", one.pk, two.pk, "--json")
    assert json.loads(capsys.readouterr().out)["differences"]["seed"] == ["1", "2"]
    with pytest.raises(CommandError, match="from 2 to 6"):
        call_command("compare", one.pk)


def test_the_desk_on_the_command_line(version, capsys):
    make_run(version)
    call_command("desk", "--json")
    assert json.loads(capsys.readouterr().out)["disk"]["free"] > 0
    call_command("desk")
    assert "are free" in capsys.readouterr().out


def test_backbones(db, settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    file = tmp_path / "small.weights.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n and more")
    call_command("backbones", "add", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["backbones"] == ["small.weights.h5"]
    with pytest.raises(CommandError, match="already"):
        call_command("backbones", "add", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("backbones", "add", str(tmp_path / "none.weights.h5"))


def test_tensorboard_over_the_api(client, version, monkeypatch):
    run = make_run(version)
    opened = []
    board = type("Board", (), {"prefix": "/training/tensorboard/abc"})
    monkeypatch.setattr("training.control_api.open_board", lambda runs: opened.append(runs) or board)
    answer = client.post("/api/v1/training/boards", json.dumps({"runs": [run.pk]}), content_type="application/json")
    assert answer.status_code == 201 and answer.json()["address"].endswith("/training/tensorboard/abc/")
    assert opened == [[run]]
