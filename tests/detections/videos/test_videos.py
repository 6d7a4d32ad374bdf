"""Whole videos, through the process that reads them and a detector that always sees the same box."""

import json

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from PIL import Image as Picture

from detections.models import VideoScan
from detections.videos import sound, work
from detections.videos.actions import start_video, uncertain_frames
from detections.videos.work import check_video, remarks
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from tests.datasets.sources.films import pan, write_video
from tests.detections.builders import FOUND, finish, make_detector
from tests.detections.videos.scanning import frames_of, scanned
from tests.factories import make_dataset, make_user, make_version
from tests.sample_data import sample_data

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("films") / "walk.mp4", pan(24))


@pytest.fixture
def model():
    return make_detector(make_version())


@pytest.fixture(autouse=True)
def no_program(monkeypatch):
    monkeypatch.setattr(sound.shutil, "which", lambda name: None)


def test_a_video_becomes_a_copy_with_boxes_a_timeline_and_lines(model, film):
    scan, job = scanned(model, film)
    assert job.state == "succeeded", job.error
    assert scan.summary["frames"] == 24 and scan.summary["rate"] == 10 and not scan.summary["varies"]
    (row,) = scan.summary["classes"]
    assert (row["name"], row["frames"], row["most"], row["tracks"]) == ("BB-8", 24, 1, 1)
    (span,) = scan.summary["spans"]
    assert (span["start"], span["end"]) == (0.0, 2.3)
    # the copy has as many frames at the same times, and the lines have the boxes
    assert [round(seconds, 2) for _, seconds in frames_of(scan)] == pytest.approx([n / 10 for n in range(24)], abs=0.01)
    lines = default_storage.open(scan.boxes_file).read().decode().splitlines()
    assert len(lines) == 24 and json.loads(lines[5])["boxes"][0][:2] == [1, pytest.approx(0.9, abs=1e-3)]
    assert scan.sound == "no_program" and "ffmpeg" in scan.get_sound_display()


def test_a_video_without_detections_says_so(model, film):
    scan, job = scanned(model, film, threshold=0.95)
    assert job.state == "succeeded" and scan.summary["classes"] == []
    assert any("Nothing was found" in said for said in remarks(scan.summary))
    assert len(frames_of(scan)) == 24


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.mp4", b"", "is empty"),
        ("notes.mp4", b"#EXTM3U\nfile:///etc/passwd\n", "is of a kind that is not read"),
    ],
)
def test_what_is_no_video_is_refused_at_once_and_leaves_nothing(model, name, data, sentence):
    with pytest.raises(UserError, match=sentence):
        start_video(model, SimpleUploadedFile(name, data), None)
    assert not VideoScan.objects.exists() and not Job.objects.exists()


def test_a_damaged_video_fails_with_a_sentence(model):
    file = SimpleUploadedFile("bad.mp4", b"\0\0\0\x18ftypisom" + bytes(2000))
    job = finish(start_video(model, file, None).job)
    assert job.state == "failed" and "“bad.mp4” cannot be opened: it is damaged" in job.error


def test_a_cancelled_look_leaves_no_half_file(model, film):
    scan = start_video(model, SimpleUploadedFile(film.name, film.read_bytes()), None)
    Job.objects.filter(pk=scan.job_id).update(cancel_requested=True)
    assert finish(scan.job).state == "cancelled"
    scan.refresh_from_db()
    folder = work.Path(default_storage.path(scan.file)).parent
    assert [file.name for file in folder.iterdir()] == ["source.mp4"] and not scan.summary


def test_uncertain_frames_go_to_a_dataset(client, film):
    model = make_detector(make_version(), [FOUND, (1, 0.45, 0.1, 0.1, 0.3, 0.3)])
    scan, _ = scanned(model, film)
    assert len(uncertain_frames(scan, 20)) == 3 and len(uncertain_frames(scan, 2)) == 2
    user, dataset = make_user(), make_dataset()
    client.force_login(user)
    client.post(reverse("detections:video-frames", args=[scan.pk]), {"dataset": dataset.slug, "count": "2"})
    job = finish(Job.objects.get(kind="import"))
    assert job.state == "succeeded" and dataset.images.count() == 2
    origins = [image.origins.get() for image in dataset.images.all()]
    assert {origin.frame for origin in origins} == set(uncertain_frames(scan, 2))
    assert {origin.source for origin in origins} == {"walk.mp4"}


def test_pages_and_parts_of_the_file(client, model, film, django_assert_max_num_queries):
    client.force_login(make_user())
    form = {"model": model.pk, "video": SimpleUploadedFile(film.name, film.read_bytes()), "threshold": "0.5"}
    response = client.post(reverse("detections:video-list"), form)
    scan = VideoScan.objects.get()
    assert response.url == scan.get_absolute_url() and client.get(response.url).status_code == 200
    finish(scan.job)
    with django_assert_max_num_queries(12):
        page = client.get(scan.get_absolute_url()).content.decode()
    assert 'data-seek="0.000"' in page and "BB-8" in page
    assert client.get(reverse("detections:video-list")).status_code == 200
    scan.refresh_from_db()
    url = reverse("detections:video-file", args=[scan.pk, "annotated"])
    whole = default_storage.open(scan.annotated).read()
    part = client.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole[10:20]
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert client.get(url, headers={"Range": "bytes=-5"}).content == whole[-5:]
    assert client.get(url, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    assert b"".join(client.get(url)) == whole
    assert client.get(reverse("detections:video-file", args=[scan.pk, "other"])).status_code == 404


def test_a_refusal_is_said_on_the_form(client, model):
    client.force_login(make_user())
    form = {"model": model.pk, "video": SimpleUploadedFile("a.mp4", b"no"), "threshold": "0.5"}
    page = client.post(reverse("detections:video-list"), form)
    assert page.status_code == 422 and "of a kind that is not read" in page.content.decode()


def test_api(client, model, film):
    client.force_login(make_user())
    file = SimpleUploadedFile(film.name, film.read_bytes())
    made = client.post("/api/v1/detections/videos", {"model": model.pk, "video": file}).json()
    finish(Job.objects.get())
    found = client.get(f"/api/v1/detections/videos/{made['id']}").json()
    assert found["summary"]["frames"] == 24 and found["annotated"].endswith("/annotated/")
    assert client.get("/api/v1/detections/videos").json()["items"][0]["state"] == "succeeded"
    asked = {"data": {"dataset": "nowhere"}, "content_type": "application/json"}
    assert client.post(f"/api/v1/detections/videos/{made['id']}/frames", **asked).status_code == 404


def test_the_command_takes_videos_beside_images(model, film, tmp_path, capsys):
    Picture.new("RGB", (40, 30)).save(tmp_path / "photo.jpg")
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(2000))
    paths = [str(tmp_path / "photo.jpg"), str(film), str(tmp_path / "bad.mp4")]
    call_command("detect", model.name, *paths, "--output", str(tmp_path / "out"), "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    (video,) = result["videos"]
    assert video["frames"] == 24 and (tmp_path / "out" / "walk.webm").is_file() and len(result["images"]) == 1
    assert [problem["code"] for problem in result["problems"]] == ["video_not_readable"]


def test_the_animation_of_the_tutorial(model):
    gif = sample_data("star_wars") / "result_1.gif"
    check_video(gif, gif.name)
    scan, job = scanned(model, gif)
    assert job.state == "succeeded" and (scan.summary["frames"], scan.summary["rate"]) == (25, 12.5)
    assert len(frames_of(scan)) == 25
