"""The zoo: its cards, downloads that go on where they stopped, archives brought by hand."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.factories import make_user
from tests.training.zoo_server import archive_bytes, serving
from training.actions import start_run
from training.bases import base_for, base_from_reference
from training.config import TrainingSettings
from training.engine.architectures.presets import PRESETS
from training.fitting import fit_of, sizes_of
from training.zoo import store
from training.zoo.catalogue import PUBLISHED, ZOO
from training.zoo.downloads import request_download

NAME = "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8"
PATH = f"/tf2/20200711/{NAME}.tar.gz"


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def zoo(settings):
    with serving({PATH: archive_bytes()}) as server:
        settings.ZOO_URL = server.url
        yield server


@pytest.fixture
def admin(db):
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


def downloaded(name: str = NAME) -> Job:
    return run_here(request_download(name, submit=False))


def test_every_archive_a_preset_names_is_in_the_catalogue_and_back():
    assert set(ZOO) == {name for preset in PRESETS.values() for name in preset.zoo}
    assert set(PUBLISHED) <= set(ZOO)
    assert all(len(model.sha256) in (0, 64) for model in ZOO.values())
    old = {"ssd_inception_v2_coco_2018_01_28", "ssd_mobilenet_v1_coco_2018_01_28",
           "faster_rcnn_inception_v2_coco_2018_01_28"}  # fmt: skip
    assert {name for name in old if ZOO[name].is_old} == old


def test_every_start_fits_a_run_of_its_network(version):
    for model in ZOO.values():
        shape = {"architecture": model.preset.name, "input_size": model.input_size}
        settings = TrainingSettings.for_version(version, **shape)
        assert (settings.architecture, settings.input_size) == (model.preset.name, model.input_size)


def test_a_download_is_kept_with_its_checksum(db, zoo):
    job = downloaded()
    archive = store.archives()[NAME]
    assert job.state == JobState.SUCCEEDED
    assert archive.sha256 == hashlib.sha256(zoo.files[PATH]).hexdigest()
    assert archive.known == "recorded at its first download"
    assert archive.path.read_bytes() == zoo.files[PATH]


def test_a_broken_line_goes_on_where_it_stopped(db, zoo):
    zoo.breaks = [100_000, 70_000]
    assert downloaded().state == JobState.SUCCEEDED
    assert [span for _, span in zoo.asked] == ["", "bytes=100000-", "bytes=170000-"]


def test_a_line_that_never_comes_back_is_said_and_what_came_is_kept(db, zoo):
    zoo.breaks = [100_000, *[0] * 20]
    job = downloaded()
    assert job.state == JobState.FAILED and "goes on from there" in job.error.replace("\n", " ")
    zoo.breaks.clear()
    assert downloaded().state == JobState.SUCCEEDED
    assert zoo.asked[-1] == (PATH, "bytes=100000-")


def test_a_file_that_changed_meanwhile_is_fetched_anew(db, zoo):
    zoo.breaks = [100_000, *[0] * 20]
    downloaded()
    zoo.breaks.clear()
    zoo.files[PATH] = archive_bytes(weights=200_000)
    assert downloaded().state == JobState.SUCCEEDED
    assert store.archives()[NAME].path.read_bytes() == zoo.files[PATH]


def test_a_checksum_that_differs_is_refused_and_thrown_away(db, zoo):
    name = "ssd_mobilenet_v1_coco_2018_01_28"
    zoo.files[f"/{name}.tar.gz"] = archive_bytes("ssd_mobilenet_v1", 300)
    job = downloaded(name)
    assert job.state == JobState.FAILED and "not what it should be" in job.error
    assert name not in store.archives() and not list(store.folder().glob("*.part"))


def test_a_second_download_is_held_against_the_first(db, zoo):
    downloaded()
    store.archives()[NAME].path.unlink()
    zoo.files[PATH] = archive_bytes(weights=200_000)
    assert "not what it should be" in downloaded().error


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/x.tar.gz", "http://10.0.0.1/x.tar.gz", "file:///etc/passwd"])
def test_a_redirect_into_the_house_is_refused(db, zoo, place):
    zoo.redirects[PATH] = place
    job = downloaded()
    assert job.state == JobState.FAILED and NAME not in store.archives()
    assert "public machine" in job.error or "http" in job.error


def test_what_is_not_there_is_said(db, zoo):
    zoo.files.clear()
    assert "answered 404" in downloaded().error


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not an archive", "neither a .tar.gz nor a .zip"),
        (archive_bytes()[:50_000], "cut off or damaged"),
        (archive_bytes(index=False), "no checkpoint"),
        (archive_bytes(config=False), "no pipeline.config"),
        (archive_bytes("resnet_of_mars"), "no pipeline.config of a network"),
    ],
)
def test_an_archive_that_cannot_be_started_from_is_refused(db, data, words):
    with pytest.raises(UserError, match=words):
        store.add_upload(SimpleUploadedFile("net.tar.gz", data))
    assert store.archives() == {} and not list(store.folder().glob("*.upload"))


def test_an_upload_becomes_a_start_of_its_own_network(admin, version):
    file = SimpleUploadedFile("my net.tar.gz", archive_bytes("ssd_mobilenet_v2_keras", 300))
    response = admin.post(reverse("training:archive-create"), {"archive": file})
    assert response.url.endswith("?base=zoo:my_net")
    page = admin.get(response.url).content.decode()
    assert "ssd_mobilenet_v2_keras" in page and "input 300 px" in page


def test_an_upload_with_scripts_goes_to_the_form_of_a_run_too(admin, version):
    file = SimpleUploadedFile("my net.tar.gz", archive_bytes("ssd_mobilenet_v2_keras", 300))
    sent = {"archive": file}
    response = admin.post(reverse("training:archive-create"), sent, headers={"HX-Request": "true"})
    assert response["HX-Redirect"].endswith("?base=zoo:my_net")
    broken = {"archive": SimpleUploadedFile("n.tar.gz", b"no")}
    response = admin.post(reverse("training:archive-create"), broken, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == reverse("training:start-list")
    assert "neither a .tar.gz nor a .zip" in admin.get(response["HX-Redirect"]).content.decode()


def test_where_the_zoo_cannot_be_reached_the_card_says_so_and_what_to_do(admin, client, settings, version):
    settings.ZOO_URL = "http://127.0.0.1:9/zoo/"
    assert downloaded().state == JobState.FAILED
    for page in (reverse("training:start-list"), reverse("training:start-card", args=[NAME])):
        text = admin.get(page).content.decode()
        assert "could not be reached" in text and f'href="http://127.0.0.1:9/zoo/tf2/20200711/{NAME}.tar.gz"' in text
    assert "Try again" in text and "size not published" in text and "none published" in text
    assert "http://127.0.0.1:9/zoo/tf2" not in client.get(reverse("training:start-list")).content.decode()
    store.add_upload(SimpleUploadedFile(f"{NAME}.tar.gz", archive_bytes()))
    text = admin.get(reverse("training:start-card", args=[NAME])).content.decode()
    assert "could not be reached" not in text and "Start from this" in text


def test_a_run_starts_from_an_archive(version, zoo, alice):
    downloaded()
    base = base_for(f"zoo:{NAME}", alice)
    settings = TrainingSettings.for_version(version, base, steps=20)
    run = start_run(version, settings, user=alice, base=base, submit=False)
    assert run.config["base"] == {"kind": "zoo", "path": str(store.archives()[NAME].path)}
    assert run.config["model"]["depth_multiplier"] == 1.0
    assert base_from_reference(f"zoo:{NAME}") == base


def test_an_archive_beside_the_site_can_be_named_by_its_file(tmp_path):
    path = tmp_path / "net.tar.gz"
    path.write_bytes(archive_bytes("ssd_inception_v2", 300))
    assert base_from_reference(str(path)).shape["architecture"] == "ssd_inception_v2"


def test_the_page_shows_figures_and_how_boxes_fit(admin, version, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = admin.get(reverse("training:start-list"), {"version": version.pk}).content.decode()
    assert "SSD Inception V2 300 px" in page and "fits your boxes: " in page and "22.2" in page
    assert admin.get(reverse("training:start-list"), {"version": "99999999999999999999"}).status_code == 200


def test_a_download_is_asked_for_on_the_page_and_shows_how_far_it_is(admin, version):
    admin.post(reverse("training:start-download", args=[NAME]), {"version": version.pk})
    job = Job.objects.get(kind="zoo")
    card = admin.get(reverse("training:start-card", args=[NAME])).content.decode()
    assert "<progress" in card and "every 1s" in card
    assert request_download(NAME) == job


def test_members_may_start_and_not_add(client, version):
    client.post(reverse("training:start-download", args=[NAME]))
    client.post(reverse("training:archive-create"), {"archive": SimpleUploadedFile("n.tar.gz", archive_bytes())})
    assert not Job.objects.filter(kind="zoo").exists() and store.archives() == {}
    assert client.post(f"/api/v1/training/zoo/{NAME}/download").status_code == 403
    assert "An administrator can download it" in client.get(reverse("training:start-list")).content.decode()


def test_visitors_see_nothing(visitor):
    assert visitor.get(reverse("training:start-list")).status_code == 302


def test_the_api_lists_downloads_and_takes_archives(admin, version):
    rows = admin.get(f"/api/v1/training/zoo?version={version.pk}").json()
    row = next(row for row in rows if row["name"] == NAME)
    assert (row["speed_ms"], row["coco_map"], row["here"], row["fit"]) == (22, 22.2, False, "good")
    assert admin.post(f"/api/v1/training/zoo/{NAME}/download").status_code == 202
    assert admin.post("/api/v1/training/zoo/nothing/download").status_code == 404
    sent = admin.post("/api/v1/training/zoo", {"archive": SimpleUploadedFile("net.tar.gz", archive_bytes())})
    assert sent.status_code == 201 and sent.json()["architecture"] == "ssd_mobilenet_v2_fpn_keras"


def test_the_command_lists_downloads_and_adds(db, zoo, tmp_path, capsys):
    call_command("zoo", "download", NAME, "--json")
    assert json.loads(capsys.readouterr().out)["name"] == NAME
    (tmp_path / "other.tar.gz").write_bytes(archive_bytes("efficientnet_x"))
    path = tmp_path / "net.tar.gz"
    path.write_bytes(archive_bytes("ssd_mobilenet_v1", 300))
    call_command("zoo", "add", str(path))
    assert "--base zoo:net" in capsys.readouterr().out
    call_command("zoo", "list", "--json")
    here = [row["name"] for row in json.loads(capsys.readouterr().out)["models"] if row["here"]]
    assert here == ["net", NAME]


def test_fit_is_poor_where_boxes_are_smaller_than_anchors(version):
    sizes = sizes_of(version.manifest())
    preset = PRESETS["ssd_mobilenet_v2_keras"]
    assert fit_of(sizes, preset, 300).level == "good"
    assert fit_of(sizes / 20, preset, 300).level == "poor"
    assert fit_of(sizes[:0], preset, 300) is None
