"""The examples of docs/api.md, executed as they stand there."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import httpx
import pytest

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.team.tokens import make_token
from sw_site.wsgi import application
from tests.detections.builders import make_detector
from tests.factories import make_dataset, make_run, make_version, picture_bytes
from training.curating import move_alias
from training.models import Run

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n```python\n(.*?)```", DOCUMENT.read_text(), re.S))


@pytest.fixture
def execute(alice, tmp_path, monkeypatch, capsys):
    """Runs an example in an empty folder; what it waits for is done meanwhile. Gives what it printed."""
    _, key = make_token(alice, "example", scope="admin")
    monkeypatch.setenv("SW_SITE_URL", "http://testserver")
    monkeypatch.setenv("SW_SITE_TOKEN", key)
    monkeypatch.setattr(httpx, "Client", functools.partial(httpx.Client, transport=httpx.WSGITransport(application)))
    monkeypatch.setattr("time.sleep", lambda seconds: [run_here(job) for job in Job.objects.active()])
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> str:
        exec(compile(EXAMPLES[name], f"docs/api.md, {name}", "exec"), {"__name__": "__main__"})  # noqa: S102
        return capsys.readouterr().out

    return run


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def test_every_example_is_known():
    assert set(EXAMPLES) == {"camera", "ci", "plain"}


def test_camera(execute, droids, tmp_path):
    assert execute("camera") == ""
    folder = tmp_path / "camera"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.jpg").write_bytes(picture_bytes())
    assert execute("camera").startswith("2 photos: ") and droids.images.count() == 2
    assert list(folder.iterdir()) == []


def test_camera_stops_with_the_sites_sentence(execute, tmp_path):
    (tmp_path / "camera").mkdir()
    (tmp_path / "camera" / "a.jpg").write_bytes(picture_bytes())
    with pytest.raises(SystemExit, match="did not take them: There is nothing at this address"):
        execute("camera")
    assert (tmp_path / "camera" / "a.jpg").exists()


def test_ci(execute, droids, alice, tmp_path):
    model = make_detector(make_version(droids), name="best")
    model.exports.create(format="onnx", folder="exports/onnx")
    move_alias(model, "production", alice)
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "must-find.jpg").write_bytes(picture_bytes())
    assert execute("ci").startswith("best: 1 boxes, files in models")
    assert list((tmp_path / "models").rglob("*.onnx"))


def test_plain(execute, droids, monkeypatch):
    version = make_version(droids, images=8)
    make_run(version, pk=7)

    def train(context, run_id):
        Run.objects.filter(pk=run_id).update(best_ap50=0.9)

    monkeypatch.setattr("training.jobs.train", train)
    monkeypatch.setattr("sw_site.jobs.queue.import_string", lambda handler: train)
    assert execute("plain") == "longer succeeded 0.9\n"
    run = Run.objects.get(name="longer")
    assert run.steps == 3000 and run.job.state == JobState.SUCCEEDED
