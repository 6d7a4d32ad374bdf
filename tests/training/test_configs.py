"""A pipeline.config somebody brings: kept, explained by the engine, shown as a diff, trained."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.sample_data import sample_data
from training import configs
from training.actions import settings_like, start_run
from training.config import TrainingSettings
from training.engine.request import RunRequest
from training.preflight import preflight
from training.preparation import prepare

TEXT = 'model { ssd { num_classes: 2 feature_extractor { type: "ssd_inception_v2" } } }'
SAID = {
    "path": "tf1",
    "title": "SSD Inception V2",
    "blocks": [{"block": "model.ssd", "sentence": "A single-shot detector."}],
    "changes": [{"field": "train_config.batch_size", "before": "24", "after": "4", "reason": "Chosen for the run."}],
    "before": "a: 1\nbatch_size: 24\n",
    "after": "a: 1\nbatch_size: 4\n",
}


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def kept(monkeypatch):
    """A kept config; the engine is asked for its explanation and answers `SAID`."""
    monkeypatch.setattr(configs, "explain_file", lambda path: SAID)
    return configs.keep(TEXT.encode())


def read(config):
    run_here(configs.request_explanation(config, submit=False))
    return configs.imported(config.digest)


def test_the_same_text_is_kept_once(kept):
    assert configs.keep(TEXT.encode()) == kept
    assert [one.digest for one in configs.all_imported()] == [kept.digest]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b" " * 1_000_001])
def test_what_is_no_config_is_refused_and_not_kept(content, data_dir):
    with pytest.raises(UserError):
        configs.keep(content)
    assert not list((data_dir / "configs").glob("*"))


def test_a_read_config_is_a_diff_with_reasons(kept, db, client):
    config = read(kept)
    assert config.state == "read"
    assert config.diff == [("@", ""), ("", "a: 1"), ("-", "batch_size: 24"), ("+", "batch_size: 4")]
    page = client.get(reverse("training:config-detail", args=[kept.digest])).content.decode()
    assert "Chosen for the run." in page and "<del>- batch_size: 24</del>" in page


def test_a_refusal_of_the_engine_is_kept_and_blocks(kept, version, monkeypatch):
    def refuse(path):
        raise UserError("bad_config", "Line 3 sets 'batch_sise', which does not exist.", 422)

    monkeypatch.setattr(configs, "explain_file", refuse)
    job = run_here(configs.request_explanation(kept, submit=False))
    assert job.state == JobState.FAILED and "Line 3" in job.error
    settings = TrainingSettings.for_version(version, architecture=kept.reference)
    assert {f.code for f in preflight(version, settings) if f.blocks} == {"config_refused"}


def test_a_config_that_was_not_read_yet_blocks(kept, version):
    settings = TrainingSettings.for_version(version, architecture=kept.reference)
    assert {f.code for f in preflight(version, settings) if f.blocks} == {"config_unread"}


def test_a_run_takes_the_config_along(kept, version, alice):
    read(kept)
    settings = TrainingSettings.for_version(version, architecture=kept.reference, steps=20)
    run = start_run(version, settings, user=alice, submit=False)
    request = RunRequest.from_json(run.config)
    assert request.model.architecture == "custom" and "learning_rate" not in run.config["train"]
    assert (prepare(run) / "imported.config").read_text() == TEXT
    assert settings_like(run) == settings


def test_pasting_it_leads_to_its_page(client, kept):
    response = client.post(reverse("training:config-list"), {"text": TEXT})
    assert response.url == reverse("training:config-detail", args=[kept.digest])
    assert Job.objects.get(kind="explain_config").payload == {"digest": kept.digest}
    assert "Reading the config" in client.get(response.url).content.decode()
    assert Job.objects.filter(kind="explain_config").count() == 1


def test_a_file_does_as_well_and_nothing_is_said(client, kept):
    file = SimpleUploadedFile("pipeline.config", TEXT.encode())
    assert client.post(reverse("training:config-list"), {"file": file}).status_code == 302
    empty = client.post(reverse("training:config-list"), {"text": " "})
    assert empty.status_code == 422 and "Nothing arrived" in empty.content.decode()
    wrong = client.post(reverse("training:config-list"), {"text": "item { id: 1 }"})
    assert wrong.status_code == 422 and "no feature extractor" in wrong.content.decode()


def test_the_form_offers_it_as_a_network(client, kept, version):
    read(kept)
    address = reverse("training:run-create") + f"?version={version.pk}&architecture={kept.reference}"
    page = client.get(address).content.decode()
    assert f'<option value="{kept.reference}" selected>' in page and "1 settings of the pipeline.config" in page


def test_the_api_takes_and_tells(client, kept, version):
    sent = client.post("/api/v1/training/configs", {"text": TEXT}, content_type="application/json")
    assert sent.status_code == 202 and sent.json()["state"] == "waiting"
    read(kept)
    told = client.get(f"/api/v1/training/configs/{kept.digest}").json()
    assert told["state"] == "read" and told["changes"] == SAID["changes"]
    assert client.get("/api/v1/training/configs/0123").status_code == 404
    made = client.post(
        "/api/v1/training/runs", {"version": version.pk, "architecture": kept.reference, "steps": 20},
        content_type="application/json",
    )  # fmt: skip
    assert made.status_code == 201 and made.json()["config"]["imported"] == kept.digest


@pytest.mark.training
def test_the_tutorial_author_s_own_config_is_explained_by_the_engine(capsys):
    path = sample_data("star_wars") / "ssd_inception_v2_pets.config"
    call_command("explain_config", str(path), "--keep", "--json")
    said = json.loads(capsys.readouterr().out)
    fields = {change["field"] for change in said["changes"]}
    assert said["path"] == "tf1" and "train_config.fine_tune_checkpoint" in fields
    assert configs.imported(said["reference"].removeprefix("config:")).state == "read"


def test_the_command_names_a_file_that_is_not_there():
    with pytest.raises(CommandError, match="There is no file"):
        call_command("explain_config", "/nowhere.config")
