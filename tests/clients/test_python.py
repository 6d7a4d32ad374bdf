"""The Python client against the site itself, without a network between them."""

from __future__ import annotations

import io
import json
import zipfile

import httpx
import pytest
from sw_site_client import JobFailed, Refused, Site, command, transport
from sw_site_client import site as site_module

from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, run_here
from sw_site.team.tokens import make_token
from sw_site.wsgi import application
from tests.detections.builders import make_detector
from tests.factories import make_dataset, make_version, picture_bytes
from tests.voc import voc_xml
from training.curating import move_alias
from training.models import Run

URL = "http://testserver"


@pytest.fixture
def site(alice, monkeypatch):
    """Alice's token; whoever waits for a job does it in this process meanwhile."""
    _, key = make_token(alice, "client", scope="admin")
    monkeypatch.setattr(site_module.time, "sleep", lambda seconds: work_off())
    with Site(URL, key, transport=httpx.WSGITransport(app=application)) as site:
        yield site


def work_off():
    for job in Job.objects.active():
        run_here(job)


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def test_photos_and_labels_of_a_folder_are_sent_and_imported(site, droids, tmp_path, monkeypatch):
    monkeypatch.setattr("sw_site_client.uploads.PIECE", 1000)  # several pieces a file
    folder = tmp_path / "today"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(picture_bytes())
        (folder / f"{number}.xml").write_bytes(voc_xml(f"{number}.jpg"))
    job = site.upload("droids", [folder])
    assert job["state"] == "succeeded" and droids.images.count() == 3
    assert {box.label_class.name for image in droids.images.all() for box in image.boxes.all()}


def test_a_version_is_frozen_and_a_run_started(site, alice):
    version = make_version(make_dataset(name="Droids", created_by=alice), images=8)
    frozen = site.freeze("droids", name="first", seed=3)
    run = site.train(version=version.pk, steps=20, name="by the client")
    assert frozen["number"] == 2 and frozen["id"] == version.dataset.versions.get(number=2).pk
    assert Run.objects.get(pk=run["id"]).steps == 20
    assert site.run(run["id"])["name"] == "by the client"


def test_the_production_model_is_fetched(site, alice, tmp_path):
    model = make_detector(make_version(make_dataset(name="Droids", created_by=alice)), name="best")
    model.exports.create(format="onnx", folder="exports/onnx")
    move_alias(model, "production", alice)
    found = site.model("droids")
    folder = site.download(found["id"], "onnx", tmp_path / "models")
    assert found["name"] == "best" and any(folder.rglob("*.onnx"))
    assert [path.name for path in (tmp_path / "models").iterdir()] == [f"m{model.pk}-onnx"]
    with pytest.raises(LookupError, match="no model called candidate"):
        site.model("droids", "candidate")


def test_a_picture_is_looked_at(site, alice, tmp_path):
    model = make_detector(make_version(make_dataset(name="Droids", created_by=alice)))
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    found = site.detect(model.pk, tmp_path / "a.jpg", threshold=0.1)
    assert found["boxes"] or found["detections"]


def test_lists_come_whole(site, alice):
    for number in range(5):
        make_dataset(name=f"Set {number}", created_by=alice)
    pages = site.transport.pages
    site.transport.pages = lambda path, **query: pages(path, **query)
    assert len({row["slug"] for row in site.datasets()}) == 5


def test_what_the_site_refuses_is_said_in_its_words(site):
    with pytest.raises(Refused, match="nothing at this address") as refused:
        site.run(999)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


def fail(context):
    raise ValueError("broken")


def test_a_job_that_fails_is_told(site, alice):
    job = create_job(fail, kind="test", title="A job", payload={}, user=alice)
    with pytest.raises(JobFailed, match="ValueError: broken"):
        site.wait_for(job.pk)


class Flaky(httpx.BaseTransport):
    """Answers by a list: numbers are statuses, exceptions are raised."""

    def __init__(self, *answers):
        self.answers, self.keys = list(answers), []

    def handle_request(self, request):
        self.keys.append(request.headers.get("Idempotency-Key"))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"error": {"code": "x", "message": "No."}}, headers={"Retry-After": "7"})


@pytest.mark.parametrize("first", [503, 429, httpx.ConnectError("gone")])
def test_a_request_is_sent_again_as_the_same(first):
    waits, flaky = [], Flaky(first, 200)
    site = Site(URL, "sw_x", transport=flaky, sleep=waits.append)
    site.create_dataset("Droids")
    assert len(set(flaky.keys)) == 1 and flaky.keys[0] and waits == [2.0 if isinstance(first, Exception) else 7.0]


def test_it_gives_up_in_the_end():
    flaky = Flaky(*[503] * transport.TRIES)
    with pytest.raises(Refused, match="No"):
        Site(URL, "sw_x", transport=flaky, sleep=lambda seconds: None).run(1)
    flaky = Flaky(*[httpx.ConnectError("gone")] * transport.TRIES)
    with pytest.raises(httpx.ConnectError):
        Site(URL, "sw_x", transport=flaky, sleep=lambda seconds: None).run(1)


def test_an_answer_of_something_else_is_said():
    other = httpx.MockTransport(lambda request: httpx.Response(404, text="nginx"))
    with pytest.raises(Refused, match="did not answer as an sw_site does"):
        Site(URL, "sw_x", transport=other).run(1)


def test_address_and_token_may_stand_in_the_environment(monkeypatch):
    with pytest.raises(ValueError, match="SW_SITE_URL"):
        Site()
    monkeypatch.setenv("SW_SITE_URL", URL)
    monkeypatch.setenv("SW_SITE_TOKEN", "sw_x")
    assert str(Site().transport._client.base_url) == URL


def test_from_a_shell(site, droids, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "Site", lambda url, token: site)
    monkeypatch.setattr(site, "close", lambda: None)
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    assert command.main(["upload", "droids", str(tmp_path / "a.jpg")]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "succeeded" and droids.images.count() == 1
    assert command.main(["model", "droids"]) == 1
    assert "no model called production" in capsys.readouterr().err


def test_an_export_is_made_where_there_is_none(site, alice, tmp_path, monkeypatch):
    model = make_detector(make_version(make_dataset(name="Droids", created_by=alice)))
    asked = []
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("label_map.pbtxt", "item {}")
    monkeypatch.setattr(site, "wait_for", asked.append)
    monkeypatch.setattr(site.transport, "save", lambda path, file: file.write(zipped.getvalue()))
    folder = site.download(model.pk, "tflite", tmp_path)
    assert (folder / "label_map.pbtxt").is_file() and Job.objects.get(pk=asked[0]).kind == "export"
