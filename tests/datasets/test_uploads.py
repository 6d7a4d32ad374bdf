"""Files in pieces: the tus protocol, broken lines, two tabs, a full disk, and photos taken in as they arrive."""

from __future__ import annotations

import base64
import errno
import fcntl
import uuid

import pytest
from django.utils import timezone

from datasets.jobs import remove_upload
from datasets.models import Upload, UploadBatch
from datasets.uploads import receiving
from datasets.uploads.arrivals import KIND
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from tests.factories import make_dataset, make_user, picture_bytes

pytestmark = pytest.mark.django_db
VERSION = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture(autouse=True)
def uploads_root(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"


@pytest.fixture
def person(client):
    user = make_user("carla")
    client.force_login(user)
    return user


def create(client, dataset, name, size, data=b"", **headers):
    words = f"filename {base64.b64encode(name.encode()).decode()}"
    sent = {**VERSION, "Upload-Length": str(size), "Upload-Metadata": words, **headers}
    kind = BODY if data else ""
    return client.post(f"/api/v1/uploads/{dataset.slug}", data=data, content_type=kind, headers=sent)


def send(client, url, offset, data, kind=BODY):
    return client.patch(url, data=data, content_type=kind, headers={**VERSION, "Upload-Offset": str(offset)})


def head(client, url):
    return client.head(url, headers=VERSION)


def error(response):
    return response.json()["error"]["code"]


def test_a_file_in_pieces_arrives_whole(client, person, dataset):
    made = create(client, dataset, "notes.xml", 10)
    url = made["Location"]
    assert (made.status_code, made["Upload-Offset"], made["Tus-Resumable"]) == (201, "0", "1.0.0")
    assert send(client, url, 0, b"01234")["Upload-Offset"] == "5"
    state = head(client, url)
    assert (state["Upload-Offset"], state["Upload-Length"], state["Cache-Control"]) == ("5", "10", "no-store")
    assert send(client, url, 5, b"56789").status_code == 204
    upload = Upload.objects.get()
    assert (upload.batch.files / "notes.xml").read_bytes() == b"0123456789"
    assert upload.finished_at and not upload.part.exists()


def test_small_files_need_one_request(client, person, dataset):
    made = create(client, dataset, "folder/a.xml", 3, b"abc")
    assert made["Upload-Offset"] == "3"
    assert (Upload.objects.get().batch.files / "folder" / "a.xml").read_bytes() == b"abc"


def test_an_empty_file_is_whole_at_once(client, person, dataset):
    create(client, dataset, "empty.txt", 0)
    assert Upload.objects.get().finished_at


def test_a_closed_tab_goes_on_where_it_stopped(client, person, dataset):
    first = create(client, dataset, "a.xml", 6, b"abc")["Location"]
    again = create(client, dataset, "a.xml", 6)
    assert (again["Location"], again["Upload-Offset"]) == (first, "3")
    listed = client.get(f"/api/v1/uploads/{dataset.slug}").json()
    assert [(file["path"], file["size"], file["offset"]) for file in listed["files"]] == [("a.xml", 6, 3)]
    send(client, first, 3, b"def")
    assert (Upload.objects.get().batch.files / "a.xml").read_bytes() == b"abcdef"


def test_without_an_upload_there_is_nothing_to_go_on_with(client, person, dataset):
    assert client.get(f"/api/v1/uploads/{dataset.slug}").json() == {"id": None, "files": []}


def test_a_line_that_breaks_keeps_what_had_come(client, person, dataset):
    create(client, dataset, "a.xml", 6)
    upload = Upload.objects.get()
    pieces = iter([b"ab", b"c"])

    def broken(size):
        try:
            return next(pieces)
        except StopIteration:
            raise ConnectionResetError from None

    with pytest.raises(ConnectionResetError):
        receiving.receive(upload, 0, broken)
    assert upload.offset == 3


@pytest.mark.parametrize(
    ("offset", "data", "status", "code"),
    [(4, b"x", 409, "wrong_offset"), (0, b"1234567", 400, "too_long")],
)
def test_bytes_that_do_not_belong_are_refused(client, person, dataset, offset, data, status, code):
    url = create(client, dataset, "a.xml", 6)["Location"]
    response = send(client, url, offset, data)
    assert (response.status_code, error(response)) == (status, code)
    assert head(client, url)["Upload-Offset"] == "0"


def test_another_connection_with_the_same_file_has_to_wait(client, person, dataset):
    url = create(client, dataset, "a.xml", 6)["Location"]
    part = Upload.objects.get().part
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert error(send(client, url, 0, b"abc")) == "locked"
    assert send(client, url, 0, b"abc").status_code == 204


def test_a_full_disk_is_said_and_nothing_is_lost(client, person, dataset, monkeypatch):
    url = create(client, dataset, "a.xml", 6, b"ab")["Location"]

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "append", full)
        assert error(send(client, url, 2, b"cd")) == "disk_full"
    assert send(client, url, 2, b"cdef").status_code == 204


def test_a_disk_that_takes_nothing_is_said(client, person, dataset, monkeypatch):
    url = create(client, dataset, "a.xml", 6, b"ab")["Location"]
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "locked", lambda part: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only")))
        assert error(send(client, url, 2, b"cd")) == "disk_unwritable"
    assert send(client, url, 2, b"cdef").status_code == 204


def test_no_room_is_said_before_anything_is_sent(client, person, dataset, monkeypatch):
    monkeypatch.setattr(receiving, "RESERVE_BYTES", 10**18)
    assert error(create(client, dataset, "a.xml", 6)) == "disk_full"


@pytest.mark.parametrize("name", ["../a.xml", "a/../../b.xml", "a\\..\\b.xml", "/", "x" * 600, "a\0b"])
def test_names_that_lead_elsewhere_are_refused(client, person, dataset, name):
    assert error(create(client, dataset, name, 1, b"x")) == "bad_name"
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Tus-Resumable": "0.2"}, "tus_version"),
        ({"Upload-Length": "many"}, "bad_header"),
        ({"Upload-Length": "9" * 17}, "too_large"),
        ({"Upload-Metadata": "filename ???"}, "bad_header"),
        ({"Upload-Metadata": "colour cmVk"}, "bad_header"),
    ],
)
def test_headers_that_make_no_sense_get_a_sentence(client, person, dataset, headers, code):
    assert error(create(client, dataset, "a.xml", 1, **headers)) == code


def test_another_content_type_is_refused(client, person, dataset):
    url = create(client, dataset, "a.xml", 1)["Location"]
    assert error(send(client, url, 0, b"x", kind="text/plain")) == "bad_type"


def test_two_files_of_one_name_do_not_mix(client, person, dataset):
    create(client, dataset, "a.xml", 3, b"abc")
    assert error(create(client, dataset, "a.xml", 4, b"abcd")) == "other_file"
    assert error(create(client, dataset, "a.xml/b.xml", 1, b"x")) == "other_file"


def test_nobody_reaches_the_upload_of_somebody_else(client, person, dataset):
    url = create(client, dataset, "a.xml", 6, b"abc")["Location"]
    client.force_login(make_user())
    assert head(client, url).status_code == 404
    assert send(client, url, 3, b"def").status_code == 404
    assert client.get(f"/api/v1/uploads/{dataset.slug}").json()["id"] is None
    client.logout()
    assert head(client, url).status_code == 401


def test_a_file_can_be_taken_out_again(client, person, dataset):
    url = create(client, dataset, "a.xml", 3, b"abc")["Location"]
    file = Upload.objects.get().batch.files / "a.xml"
    assert client.delete(url).status_code == 204
    assert not file.exists() and head(client, url).status_code == 404


def test_photos_go_in_while_the_rest_is_on_its_way(client, person, dataset, django_capture_on_commit_callbacks):
    photos = [picture_bytes() for _ in range(3)]
    for number, photo in enumerate(photos):
        create(client, dataset, f"walk/photo {number}.jpg", len(photo), photo)
    job = Job.objects.get(kind=KIND)  # one job for all of them
    create(client, dataset, "walk/photo 1.xml", 100, b"<ann")
    assert run_here(job).result == {"images_added": 3}
    assert set(dataset.images.values_list("folder", "file_name")) == {("walk", f"photo {n}.jpg") for n in range(3)}
    assert Upload.objects.filter(taken_at=None).get().path == "walk/photo 1.xml"


def test_at_the_end_labels_find_their_photos(client, person, dataset):
    photo = picture_bytes(400, 300)
    label = b"""<annotation><filename>a.jpg</filename><size><width>400</width><height>300</height></size><object>
      <name>BB-8</name><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>90</xmax><ymax>80</ymax></bndbox></object></annotation>"""
    create(client, dataset, "a.jpg", len(photo), photo)
    run_here(Job.objects.get(kind=KIND))
    url = create(client, dataset, "a.xml", len(label), label[:50])["Location"]
    finish = f"/api/v1/uploads/{dataset.slug}/finish"
    assert error(client.post(finish, "{}", content_type="application/json")) == "unfinished"
    send(client, url, 50, label[50:])
    done = client.post(finish, "{}", content_type="application/json")
    assert done.status_code == 202
    report = run_here(Job.objects.get(pk=done.json()["job"])).result
    assert (report["images_added"], report["images_known"], report["boxes_added"]) == (0, 1, 1)
    batch = UploadBatch.objects.get()
    assert batch.closed_at and not batch.files.exists()
    assert error(client.post(finish, "{}", content_type="application/json")) == "nothing_to_import"


def test_an_upload_can_be_thrown_away(client, person, dataset):
    create(client, dataset, "a.xml", 3, b"abc")
    folder = UploadBatch.objects.get().folder
    assert client.delete(f"/api/v1/uploads/{dataset.slug}").status_code == 204
    assert not folder.exists() and not Upload.objects.exists()
    assert client.get(f"/api/v1/uploads/{dataset.slug}").json()["id"] is None


def test_the_server_says_what_it_can(client, person, dataset):
    answer = client.options(f"/api/v1/uploads/{dataset.slug}")
    assert answer.status_code == 204 and "creation-with-upload" in answer["Tus-Extension"]


def test_an_unknown_upload_is_not_found(client, person):
    assert head(client, f"/api/v1/uploads/file/{uuid.uuid4()}").status_code == 404


def test_what_an_import_would_do_can_be_seen_first(client, person, dataset):
    create(client, dataset, "a.xml", 8, b"<ann")
    body = {"preview": True, "leave_out": True}
    finish = f"/api/v1/uploads/{dataset.slug}/finish"
    assert error(client.post(finish, body, content_type="application/json")) == "nothing_to_import"
    photo = picture_bytes()
    create(client, dataset, "a.jpg", len(photo), photo)
    done = client.post(finish, body, content_type="application/json").json()
    result = run_here(Job.objects.get(pk=done["job"])).result
    assert result["images_found"] == 1
    page = client.get(done["url"])
    assert page.status_code == 200
    client.post(done["url"], {"discard": ""})
    assert not UploadBatch.objects.get().folder.exists()


def test_only_what_was_uploaded_is_taken_away(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    batch = settings.UPLOADS_ROOT / "7" / "files"
    elsewhere = tmp_path / "photos"
    for folder in (batch, elsewhere):
        folder.mkdir(parents=True)
    remove_upload(elsewhere)
    remove_upload(batch / ".." / ".." / ".." / "photos")
    remove_upload(settings.UPLOADS_ROOT)
    assert elsewhere.is_dir() and batch.is_dir()
    remove_upload(batch)
    assert not batch.parent.exists() and settings.UPLOADS_ROOT.is_dir()


def test_files_that_begin_at_once_share_one_batch(dataset, person, monkeypatch):
    """Between the look for an open batch and the making of one, another request makes it."""
    competitors = []
    query = type(UploadBatch.objects.all())
    look = query.get

    def overtaken(self, *arguments, **wanted):
        if competitors:
            return look(self, *arguments, **wanted)
        competitors.append(UploadBatch.objects.create(dataset=dataset, user=person))
        raise UploadBatch.DoesNotExist

    monkeypatch.setattr(query, "get", overtaken)
    found = receiving.open_batch(dataset, person)
    assert [found] == competitors == list(UploadBatch.objects.all())
    found.closed_at = timezone.now()
    found.save()
    assert receiving.open_batch(dataset, person) != found
