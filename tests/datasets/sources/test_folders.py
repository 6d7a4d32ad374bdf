"""Folders on the server: only for administrators, only below the roots of the setting, and nobody climbs out."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest
from django.urls import reverse

from datasets.formats.records import FormatError
from datasets.importing.source import Entry
from datasets.sources.confined import ConfinedFolder, open_confined
from datasets.sources.jobs import folder_job, video_job
from datasets.sources.roots import allowed_path, list_folder
from datasets.sources.video import FrameChoice
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.datasets.sources.films import pan, write_video
from tests.factories import make_dataset, make_user, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path, settings):
    """A root with a walk of two photos and labels, a zip and a video in it; and a secret beside it."""
    root = tmp_path / "photos"
    (root / "walk").mkdir(parents=True)
    (root / "walk" / "a.jpg").write_bytes(picture_bytes())
    (root / "walk" / "a.xml").write_bytes(voc_xml())
    (root / "walk" / "b.jpg").write_bytes(picture_bytes())
    with zipfile.ZipFile(root / "more.zip", "w") as archive:
        archive.writestr("c.jpg", picture_bytes())
    write_video(root / "film.avi", pan(10))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.jpg").write_bytes(picture_bytes())
    settings.IMPORT_ROOTS = [str(root)]
    return root


@pytest.fixture
def operator(client):
    user = make_user("operator", is_staff=True)
    client.force_login(user)
    return user


def page(dataset, at=""):
    return reverse("datasets:folder-import", args=[dataset.slug]) + (f"?at={at}" if at else "")


def code_of(path):
    with pytest.raises(UserError) as error:
        allowed_path(str(path))
    return error.value.code


def test_places_below_the_roots_and_no_others(root, tmp_path, settings):
    assert allowed_path(f" {root}/walk/../walk/ ") == root / "walk"
    for path in ("/", "/etc", "walk", "", f"{root}/../secret", f"{root}2", f"{tmp_path}/nowhere", "\0"):
        assert code_of(path) == "outside_import_roots"
    assert code_of(root / "nowhere") == "no_such_path"
    settings.IMPORT_ROOTS = []
    assert code_of(root) == "folder_import_off"


def test_links_that_climb_out_are_refused(root, tmp_path):
    (root / "out").symlink_to(tmp_path / "secret")
    assert code_of(root / "out") == code_of(root / "out" / "s.jpg") == "outside_import_roots"


def test_a_root_may_be_a_link_itself(root, tmp_path, settings):
    (tmp_path / "alias").symlink_to(root)
    settings.IMPORT_ROOTS = [str(tmp_path / "alias"), "/not/there"]
    assert allowed_path(str(tmp_path / "alias" / "walk")) == root / "walk"


def test_links_in_a_folder_are_read_inside_and_named_outside(root, tmp_path):
    walk = root / "walk"
    (walk / "inside.jpg").symlink_to(walk / "a.jpg")
    (walk / "outside.jpg").symlink_to(tmp_path / "secret" / "s.jpg")
    (walk / "dangling.jpg").symlink_to(tmp_path / "gone.jpg")
    (walk / "folder").symlink_to(tmp_path / "secret")
    (walk / "other.zip").symlink_to(tmp_path / "secret" / "s.jpg")
    source = open_confined(walk, (root,))
    assert {str(entry.path) for entry in source.entries()} == {"a.jpg", "a.xml", "b.jpg", "inside.jpg"}
    assert {(p.file, p.code) for p in source.problems} == {
        (name, "unsafe_link") for name in ("outside.jpg", "dangling.jpg", "folder", "other.zip")
    }


def test_a_link_that_comes_after_the_listing_is_refused_too(root, tmp_path):
    source = pickle.loads(pickle.dumps(ConfinedFolder(root / "walk", roots=(root,))))  # noqa: S301 - as a reader gets it
    entry = next(source.entries())
    assert source.read(entry) == (root / "walk" / "a.jpg").read_bytes()
    (root / "walk" / "a.jpg").unlink()
    (root / "walk" / "a.jpg").symlink_to(tmp_path / "secret" / "s.jpg")
    for path, code in (
        ("a.jpg", "unsafe_link"),
        ("gone.jpg", "file_not_readable"),
        ("../../secret/s.jpg", "unsafe_link"),
    ):
        with pytest.raises(FormatError) as error:
            source.read(Entry(Path(path), 5))
        assert error.value.code == code


def test_a_listing_shows_what_can_be_imported(root, tmp_path):
    (root / "out").symlink_to(tmp_path / "secret")
    (root / ".hidden").mkdir()
    found = list_folder(root)
    assert [[p.name for p in paths] for paths in (found.folders, found.zips, found.videos)] == [
        ["walk"], ["more.zip"], ["film.avi"],
    ]  # fmt: skip
    inside = list_folder(root / "walk")
    assert (inside.images, inside.others, inside.parents) == (2, 1, [root])


def test_an_import_leaves_the_files_where_they_are(root):
    dataset = make_dataset(classes=())
    before = sorted(os.walk(root))
    job = run_here(folder_job(dataset, root, options(), None))
    assert (job.state, job.result["images_added"], job.result["boxes_added"]) == (JobState.SUCCEEDED, 3, 1)
    [remark] = [problem for problem in job.result["problems"] if problem["code"] == "file_type"]
    assert remark["file"] == "film.avi" and remark["message"].startswith("It is a video.")
    assert sorted(os.walk(root)) == before


def options():
    from datasets.importing.importer import ImportOptions

    return ImportOptions({})


def test_a_root_taken_away_stops_what_is_waiting(root, settings):
    dataset = make_dataset()
    jobs = [
        folder_job(dataset, root / "walk", options(), None),
        video_job(dataset, [root / "film.avi"], FrameChoice(), None, confined=True),
    ]
    settings.IMPORT_ROOTS = []
    for job in jobs:
        done = run_here(job)
        assert done.state == JobState.FAILED and "switched off" in done.error


def test_people_who_are_no_administrators_see_nothing_of_it(client, root):
    dataset = make_dataset()
    assert client.get(page(dataset)).status_code == client.post(page(dataset), {"path": str(root)}).status_code == 403
    video = reverse("datasets:video-import", args=[dataset.slug]) + f"?path={root}/film.avi"
    assert client.get(video).status_code == client.post(video, {"every": 1, "unit": "seconds"}).status_code == 403
    api = f"/api/v1/datasets/{dataset.slug}/imports"
    asked = [
        client.get(f"{api}/folder"),
        client.post(f"{api}/folder", {"path": str(root)}, content_type="application/json"),
    ]
    asked.append(client.post(f"{api}/video", {"path": str(root / "film.avi")}))
    assert [(a.status_code, a.json()["error"]["code"]) for a in asked] == [(403, "administrators_only")] * 3
    assert "A folder on the server" not in client.get(reverse("datasets:upload", args=[dataset.slug])).content.decode()
    assert not Job.objects.exists()


def test_without_a_setting_the_page_says_how_to_switch_it_on(client, operator, settings):
    dataset = make_dataset()
    upload = client.get(reverse("datasets:upload", args=[dataset.slug])).content.decode()
    assert "A folder on the server" in upload and "Switched off" in upload
    assert "SW_IMPORT_ROOTS=" in client.get(page(dataset)).content.decode()
    settings.IMPORT_ROOTS = ["/not/there"]
    assert "None of the folders is there" in client.get(page(dataset)).content.decode()


def test_the_page_walks_and_imports(client, operator, root):
    dataset = make_dataset()
    assert "more.zip" in client.get(page(dataset)).content.decode()
    assert "2 images directly in it, 1 other file" in client.get(page(dataset, root / "walk")).content.decode()
    done = client.post(page(dataset), {"path": str(root / "walk")})
    job = Job.objects.get(kind="import")
    assert done.url == job.get_absolute_url() and run_here(job).result["images_added"] == 2


def test_places_that_may_not_be_imported_are_said_on_the_page(client, operator, root, tmp_path):
    dataset = make_dataset()
    for answer in (
        client.get(page(dataset, tmp_path / "secret"), follow=True),
        client.post(page(dataset), {"path": "/etc"}, follow=True),
        client.get(reverse("datasets:video-import", args=[dataset.slug]) + "?path=/etc/passwd", follow=True),
    ):
        assert answer.status_code == 200 and "is not below a folder that may be imported" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_preview_can_be_confirmed_and_keeps_the_folder(client, operator, root):
    dataset = make_dataset()
    done = client.post(page(dataset), {"path": str(root / "walk"), "preview": "1"})
    preview = Job.objects.get(kind="preview")
    assert done.url == reverse("datasets:import-preview", args=[dataset.slug, preview.pk])
    assert run_here(preview).result["images_new"] == 2 and not dataset.images.exists()
    assert "Choose another folder" in client.get(done.url).content.decode()
    assert client.post(done.url, {"discard": "1"}).url == page(dataset)
    client.post(done.url, {})
    assert run_here(Job.objects.get(kind="import")).result["images_added"] == 2
    assert (root / "walk" / "a.jpg").exists()
    client.force_login(make_user())
    assert client.post(done.url, {}).status_code == 403


def test_the_page_takes_frames_of_a_video_on_the_server(client, operator, root):
    dataset = make_dataset()
    url = reverse("datasets:video-import", args=[dataset.slug]) + f"?path={root}/film.avi"
    assert str(root / "film.avi") in client.get(url).content.decode()
    client.post(url, {"every": "5", "unit": "frames"})
    assert run_here(Job.objects.get(kind="import")).result["images_added"] == 2
    assert (root / "film.avi").exists()


def test_the_api_lists_previews_and_imports(client, operator, root):
    dataset = make_dataset()
    api = f"/api/v1/datasets/{dataset.slug}/imports"
    assert client.get(f"{api}/folder").json() == {"roots": [str(root)]}
    listed = client.get(f"{api}/folder", {"path": str(root)}).json()
    assert (listed["folders"], listed["zips"]) == ([str(root / "walk")], [str(root / "more.zip")])
    assert client.get(f"{api}/folder", {"path": str(root / "more.zip")}).json()["error"]["code"] == "not_a_folder"

    def start(**body):
        return client.post(f"{api}/folder", json.dumps(body), content_type="application/json")

    assert start(path="/etc").json()["error"]["code"] == "outside_import_roots"
    preview = start(path=str(root / "walk"), preview=True).json()["job"]
    assert run_here(Job.objects.get(pk=preview)).result["images_new"] == 2
    zipped = start(path=str(root / "more.zip"), mapping=["a=b"]).json()["job"]
    assert run_here(Job.objects.get(pk=zipped)).result["images_added"] == 1
    frames = client.post(f"{api}/video", {"path": str(root / "film.avi"), "frames": 5})
    assert run_here(Job.objects.get(pk=frames.json()["job"])).result["images_added"] == 2
    folder = client.post(f"{api}/video", {"path": str(root / "walk"), "frames": 5})
    assert folder.json()["error"]["code"] == "not_a_file"
