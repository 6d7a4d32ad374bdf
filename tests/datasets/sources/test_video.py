"""Frames of videos: which ones, what is said of a bad one, what an image remembers, and what a split keeps together."""

from __future__ import annotations

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.models import Dataset, Image, ImageOrigin, Upload
from datasets.sources import video as module
from datasets.sources.frames import Choice
from datasets.sources.jobs import run_video_import, sweep_videos, video_job
from datasets.sources.video import FrameChoice, is_video
from datasets.versions.shots import joined, shots_of
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.datasets.sources.films import pan, write_video
from tests.factories import make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """40 frames, 4 seconds."""
    return write_video(tmp_path_factory.mktemp("film") / "walk.mp4", pan(40))


def take(dataset, *videos, **choice):
    return run_here(video_job(dataset, list(videos), FrameChoice(**choice), None))


@pytest.mark.parametrize(
    ("choice", "frames"),
    [
        (Choice(seconds=1), [0, 10, 20, 30]),
        (Choice(seconds=0.25), [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28, 30, 33, 35, 38]),
        (Choice(frames=15), [0, 15, 30]),
        (Choice(frames=1), list(range(40))),
    ],
)
def test_every_so_many_seconds_or_frames(choice, frames):
    assert [n for n in range(40) if choice.wants(n, n / 10)] == frames


def test_rounded_times_do_not_shift_the_choice():
    choice = Choice(seconds=1)
    assert [n for n in range(31) if choice.wants(n, n / 30 - 1e-4)] == [0, 30]


def test_a_gap_in_the_times_of_a_video_gives_no_extra_frames():
    choice = Choice(seconds=1)
    assert [t for t in (0.0, 0.5, 3.7, 3.9, 4.0, 4.5) if choice.wants(0, t)] == [0.0, 3.7, 4.0]


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".mov"])
def test_frames_become_images_that_know_their_place(tmp_path, suffix):
    dataset, file = make_dataset(), write_video(tmp_path / f"walk{suffix}", pan(30))
    job = take(dataset, file)
    assert job.state == JobState.SUCCEEDED and job.result["images_added"] == 3 and job.result["problems"] == []
    images = list(dataset.images.order_by("pk"))
    assert [(i.folder, i.file_name) for i in images] == [(file.name, f"walk_{n:06d}.jpg") for n in (0, 10, 20)]
    origins = [image.origins.get() for image in images]
    assert [(o.kind, o.source, o.frame, o.seconds) for o in origins] == [
        ("video", file.name, n, n / 10) for n in (0, 10, 20)
    ]
    assert str(origins[1]) == f"{file.name}, frame 10 at 1.00 s" and (images[0].width, images[0].height) == (160, 120)


def test_near_identical_frames_are_dropped_unless_wanted(tmp_path):
    first, second = pan(1)[0], pan(1, seed=2)[0]
    file = write_video(tmp_path / "still.avi", [first] * 5 + [second] * 5 + [first] * 5)
    dataset = make_dataset()
    assert take(dataset, file, seconds=0, frames=1).result["frames_alike"] == 13
    assert dataset.images.count() == 2
    again = take(dataset, file, seconds=0, frames=5, keep_alike=True).result
    assert again["frames_alike"] == 0


def test_the_same_frames_again_add_nothing(film):
    dataset = make_dataset()
    take(dataset, film)
    result = take(dataset, film, seconds=0.5).result
    assert (result["images_known"], result["images_added"]) == (4, 4)
    assert ImageOrigin.objects.count() == 8


def test_frames_of_one_video_stay_in_one_group(film, tmp_path):
    dataset = make_dataset()
    take(dataset, film)
    take(dataset, write_video(tmp_path / "other.avi", pan(20, seed=5)))
    alone = make_image(dataset)
    groups = shots_of(list(dataset.images.values_list("pk", flat=True)))
    by_video = {
        name: {groups[pk] for pk in dataset.images.filter(folder=name).values_list("pk", flat=True)}
        for name in ("walk.mp4", "other.avi")
    }
    assert all(len(found) == 1 for found in by_video.values())
    assert len(set().union(*by_video.values(), {groups[alone.pk]})) == 3


def test_groups_that_share_an_image_are_one():
    assert joined([(1, "a"), (2, "a"), (2, "b"), (3, "b"), (4, "c")]) == {1: 0, 2: 0, 3: 0, 4: 1}
    assert joined([]) == {}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.mp4", b"", "empty.mp4: The video is empty (0 bytes). Send it again."),
        (
            "notes.mp4",
            b"#EXTM3U\nfile:///etc/passwd\n",
            "notes.mp4: The video is of a kind that is not read, or is none. Read are MP4",
        ),
        ("bad.mp4", b"\0\0\0\x18ftypisom" + bytes(2000), "bad.mp4: The video cannot be opened: it is damaged"),
    ],
)
def test_a_video_that_cannot_be_read_is_one_sentence(tmp_path, name, data, sentence):
    (tmp_path / name).write_bytes(data)
    job = take(make_dataset(), tmp_path / name)
    assert job.state == JobState.FAILED and job.error.startswith(sentence) and "\n" not in job.error
    assert not Image.objects.exists()


def test_a_video_that_is_cut_short_gives_what_can_be_read(tmp_path):
    whole = write_video(tmp_path / "whole.avi", pan(40)).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    job = take(make_dataset(), tmp_path / "cut.avi")
    assert job.result["images_added"] == 2
    [problem] = job.result["problems"]
    assert (problem["code"], problem["file"]) == ("video_cut_short", "cut.avi") and "of 40 frames" in problem["message"]


def test_a_bad_video_does_not_keep_the_others_back(film, tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    job = take(make_dataset(), tmp_path / "empty.mp4", film, tmp_path / "gone.mp4")
    assert job.result["images_added"] == 4
    assert [(p["file"], p["code"]) for p in job.result["problems"]] == [
        ("empty.mp4", "video_not_readable"),
        ("gone.mp4", "video_not_readable"),
    ]


def test_a_decoder_that_crashes_is_one_sentence(film, monkeypatch):
    monkeypatch.setattr(module, "_command", lambda *_: ["sh", "-c", "echo '{\"at\": 0.1}'; echo '{\"ke'; kill -9 $$"])
    job = take(make_dataset(), film)
    assert job.state == JobState.FAILED and "the decoder gave up on it" in job.error


def test_there_is_a_most_of_frames(film, monkeypatch):
    monkeypatch.setattr(module, "MOST_FRAMES", 3)
    result = take(make_dataset(), film, seconds=0, frames=4).result
    assert (result["images_added"], [p["code"] for p in result["problems"]]) == (3, ["video_too_long"])


def test_cancelling_leaves_nothing_behind(film, settings, cancelled):
    dataset = make_dataset()
    with pytest.raises(JobCancelled):
        run_video_import(cancelled, dataset.pk, [str(film)], seconds=1.0)
    assert not dataset.images.exists() and not list(settings.UPLOADS_ROOT.iterdir())


def test_a_dataset_that_is_gone_is_left_alone(film):
    assert run_video_import(None, 0, [str(film)]) is None


def test_beginnings_of_videos():
    assert is_video(b"\0\0\0\x18ftypisom") and is_video(b"RIFF\0\0\0\0AVI LIST") and is_video(b"\x1aE\xdf\xa3")
    assert is_video((b"G" + bytes(187)) * 3) and is_video((bytes(4) + b"G" + bytes(187)) * 3)
    assert not any(map(is_video, (b"", b"RIFF\0\0\0\0WAVE", b"ffconcat version 1.0\nfile /etc/passwd\n", b"G" * 50)))


@pytest.mark.parametrize("choice", [{"seconds": 0}, {"seconds": 1, "frames": 1}, {"seconds": -1}, {"seconds": 1e9}])
def test_choices_that_make_no_sense_are_refused(client, film, choice):
    dataset = make_dataset()
    answer = client.post(
        f"/api/v1/datasets/{dataset.slug}/imports/video", {**choice, "frames": choice.get("frames", -1)}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_frames")
    assert not Job.objects.exists()


def upload(film):
    return SimpleUploadedFile("my walk.mp4", film.read_bytes())


def test_the_page_takes_a_video(client, film, settings):
    dataset = make_dataset()
    url = reverse("datasets:video-import", args=[dataset.slug])
    assert "One image every" in client.get(url).content.decode()
    done = client.post(url, {"files": upload(film), "every": "2", "unit": "seconds"})
    job = Job.objects.get(kind="import")
    assert done.url == job.get_absolute_url()
    assert run_here(job).result["images_added"] == 2
    assert set(dataset.images.values_list("folder", flat=True)) == {"my walk.mp4"}
    assert not list(settings.UPLOADS_ROOT.iterdir())
    page = client.get(reverse("datasets:image-sources", args=[dataset.images.first().pk])).content.decode()
    assert "my walk.mp4, frame 0 at 0.00 s" in page


def test_the_page_says_what_is_missing(client):
    url = reverse("datasets:video-import", args=[make_dataset().slug])
    page = client.post(url, {"every": "0.001", "unit": "seconds"})
    assert page.status_code == 200 and {"files", "every"} == set(page.context["form"].errors)
    assert not Job.objects.exists()


def test_visitors_are_sent_to_the_door(visitor):
    slug = make_dataset().slug
    for name in ("video-import", "url-import", "folder-import"):
        assert "/sign-in/" in visitor.get(reverse(f"datasets:{name}", args=[slug])).url
    assert visitor.post(f"/api/v1/datasets/{slug}/imports/video").status_code == 401


def test_the_api_takes_a_video(client, film):
    dataset = make_dataset()
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/imports/video", {"files": upload(film), "frames": 20})
    assert answer.status_code == 202
    run_here(Job.objects.get(pk=answer.json()["job"]))
    found = client.get(f"/api/v1/datasets/{dataset.slug}/transfers/{answer.json()['job']}").json()
    assert (found["state"], found["result"]["images_added"]) == ("succeeded", 2)
    origins = client.get(f"/api/v1/datasets/images/{dataset.images.last().pk}/origins").json()["items"]
    assert origins == [{"kind": "video", "source": "my walk.mp4", "frame": 20, "seconds": 2.0}]


def send_in_pieces(client, dataset, film, name="walk.mp4"):
    """By tus, as the page does: the number of the upload."""
    sent = {"Tus-Resumable": "1.0.0", "Upload-Length": str(film.stat().st_size)}
    sent["Upload-Metadata"] = f"filename {base64.b64encode(name.encode()).decode()}"
    kind = "application/offset+octet-stream"
    made = client.post(f"/api/v1/uploads/{dataset.slug}", film.read_bytes(), content_type=kind, headers=sent)
    return made["Location"].rpartition("/")[2]


def test_a_video_may_come_in_pieces(client, film, settings):
    dataset = make_dataset()
    number = send_in_pieces(client, dataset, film)
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/imports/video", {"uploads": [number], "frames": 20})
    assert answer.status_code == 202 and not Upload.objects.exists()
    job = run_here(Job.objects.get(pk=answer.json()["job"]))
    assert job.result["images_added"] == 2 and set(dataset.images.values_list("folder", flat=True)) == {"walk.mp4"}
    assert not [path for path in settings.UPLOADS_ROOT.rglob("*") if path.is_file()]


def test_nobody_takes_frames_of_a_video_somebody_else_sends(client, film):
    dataset = make_dataset()
    number = send_in_pieces(client, dataset, film)
    client.force_login(make_user())
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/imports/video", {"uploads": [number], "frames": 20})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_whole")
    assert Upload.objects.count() == 1 and not Job.objects.filter(kind="import").exists()


def test_the_api_wants_a_video(client):
    answer = client.post(f"/api/v1/datasets/{make_dataset().slug}/imports/video", {"seconds": 1})
    assert answer.json()["error"]["code"] == "no_video"


def test_videos_of_failed_imports_are_kept_a_week(settings):
    folder = settings.UPLOADS_ROOT / "abc"
    folder.mkdir(parents=True)
    job = video_job(make_dataset(), [folder / "walk.mp4"], FrameChoice(), None, str(folder))
    ended = Job.objects.filter(pk=job.pk)
    ended.update(state=JobState.FAILED, finished_at="2026-01-01T00:00Z")
    ended.update(finished_at=job.created_at)
    sweep_videos()
    assert folder.exists()
    ended.update(finished_at=job.created_at.replace(year=2020))
    sweep_videos()
    assert not folder.exists()


def test_the_command_takes_videos(film, capsys):
    call_command("import_video", str(film), "--dataset", "Walks", "--every-frames", "10", "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["images_added"], result["frames_alike"], result["classes"]) == (4, 0, [])
    call_command("import_video", str(film), "--dataset", "Walks")
    assert "0 images added, 4 skipped" in capsys.readouterr().out
    assert Dataset.objects.get().images.count() == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.mp4"], "no file at"),
        ([__file__, "--every-seconds", "0"], "Say how often"),
        ([__file__], "a kind that is not read"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("import_video", *arguments, "--dataset", "X")
