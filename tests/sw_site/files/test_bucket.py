"""Files in a bucket: kept, read by path, changed, gone, handed out, out of reach."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.exceptions import BotoCoreError
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404
from django.urls import reverse
from PIL import Image as Pillow

from datasets.storage import store
from sw_site.accounts.roles import Role
from sw_site.lib.files import choosing
from sw_site.lib.files.bucket import BucketFiles
from sw_site.lib.files.near import IN_USE, Near
from sw_site.lib.files.where import bring_near, local_root, place_of, put
from sw_site.lib.serving import stored_file
from sw_site.observing.probes import check_files
from tests.buckets import BUCKET, client_of, storages
from tests.factories import make_dataset, make_image

SETTLED = "images/ab/" + "ab" * 32 + ".jpg"


def test_what_is_kept_is_there_and_read_by_its_path(bucket):
    assert local_root() is None and store(SETTLED, b"bytes") == SETTLED
    assert Path(bucket.path(SETTLED)).read_bytes() == b"bytes"
    assert Path(bucket.path(SETTLED)).suffix == ".jpg"
    assert bucket.open(SETTLED).read() == b"bytes" and [name for name, _, _ in bucket.objects("images/")] == [SETTLED]


def test_a_copy_that_is_near_is_not_asked_for_again(bucket, monkeypatch):
    store(SETTLED, b"bytes")
    first = bucket.path(SETTLED)
    monkeypatch.setattr(BucketFiles, "connection", property(lambda self: pytest.fail("asked again")))
    assert bucket.path(SETTLED) == first


def test_a_file_that_is_written_anew_is_fetched_anew(bucket):
    name = default_storage.save("videos/1/boxes.jsonl", ContentFile(b"one"))
    assert Path(bucket.path(name)).read_bytes() == b"one"
    bucket.delete(name)
    assert default_storage.save(name, ContentFile(b"two")) == name
    assert Path(bucket.path(name)).read_bytes() == b"two"


def test_nothing_is_written_over(bucket):
    names = {default_storage.save("videos/1/source.mp4", ContentFile(text)) for text in (b"one", b"two")}
    assert len(names) == 2


def test_what_is_gone_is_a_path_at_which_nothing_is(bucket):
    store(SETTLED, b"bytes")
    bucket.path(SETTLED)
    bucket.delete(SETTLED)
    assert not Path(bucket.path(SETTLED)).exists() and not Path(bucket.path("videos/9/none.webm")).exists()
    for ask in (bucket.open, bucket.size, bucket.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask(SETTLED)
    with pytest.raises(Http404):
        stored_file(SETTLED)


def test_names_lead_nowhere_else(bucket):
    for name in ("../secret_key", "images/../../secret_key", "/etc/passwd"):
        with pytest.raises((SuspiciousOperation, FileNotFoundError)):
            Path(bucket.path(name)).read_bytes()


def test_many_are_fetched_at_once(bucket):
    names = [store(f"images/{n:02}/{n:064}.png", bytes([n])) for n in range(40)]
    bring_near(names)
    near = {path.name for path in bucket.near.root.rglob("*.png")}
    assert [place_of(name).read_bytes() for name in names] == [bytes([n]) for n in range(40)]
    assert near == {Path(name).name for name in names}


def test_a_file_of_this_machine_becomes_the_stores(bucket, tmp_path):
    for content in (b"first", b"second"):
        (tmp_path / "made").write_bytes(content)
        put("videos/1/annotated.webm", tmp_path / "made")
    assert bucket.open("videos/1/annotated.webm").read() == b"second" and not (tmp_path / "made").exists()


def test_all_lies_below_the_prefix(settings, s3, bucket, tmp_path):
    settings.STORAGES = storages(s3, tmp_path / "near", SW_S3_PREFIX="/site one/")
    store(SETTLED, b"bytes")
    keys = [each["Key"] for each in client_of(s3).list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == [f"site one/{SETTLED}"] and [name for name, _, _ in default_storage.objects()] == [SETTLED]


def test_the_same_bytes_kept_by_two_at_once_are_one_file(bucket, monkeypatch):
    monkeypatch.setattr(BucketFiles, "exists", lambda self, name: False)  # neither sees the other
    assert store(SETTLED, b"bytes") == store(SETTLED, b"bytes") == SETTLED
    assert [name for name, _, _ in bucket.objects()] == [SETTLED]


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    near = Near(tmp_path, 1000)
    for n in range(10):
        place = near.place(f"images/{n}")
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"x" * 200)
        os.utime(place, (time.time() - IN_USE - 100 + n,) * 2)
    near.get(near.place("images/0"), lambda part: pytest.fail("it is there"))  # used just now
    near.tidy()
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"0", "6", "7", "8", "9"}


def test_what_is_in_use_stays_though_it_is_too_much(tmp_path):
    near = Near(tmp_path, 1000)
    for n in range(10):
        near.get(near.place(f"images/{n}"), lambda part: Path(part).write_bytes(b"x" * 200))
    assert near.tidy() == 0


def test_half_a_copy_is_none(tmp_path):
    near = Near(tmp_path, 1000)

    def cut_off(part: str) -> None:
        Path(part).write_bytes(b"ha")
        raise OSError("the line is dead")

    with pytest.raises(OSError, match="dead"):
        near.get(near.place("images/1"), cut_off)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def picture_of(client, image) -> object:
    return client.get(reverse("datasets:image-file", args=[image.pk, image.sha256[:12]]))


def test_the_site_hands_pictures_out_by_itself(bucket, client):
    image = make_image(make_dataset(team_role=Role.VIEWER))
    answer = picture_of(client, image)
    assert Pillow.open(io.BytesIO(b"".join(answer))).size == (image.width, image.height)
    assert "max-age" in answer["Cache-Control"]


def test_or_browsers_fetch_them_from_the_store(bucket, client, settings, s3, tmp_path):
    settings.STORAGES = storages(s3, tmp_path / "near", SW_S3_PUBLIC_URL=s3)
    hidden, image = make_image(make_dataset(team_role=Role.NOBODY)), make_image(make_dataset(team_role=Role.VIEWER))
    assert picture_of(client, hidden).status_code == 404
    answer = picture_of(client, image)
    assert answer.status_code == 302 and answer["Location"].startswith(f"{s3}/{BUCKET}/images/")
    assert answer["Cache-Control"] == "private, max-age=1800"
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["X-Amz-Expires"] == ["3600"] and "testing" not in asked["X-Amz-Signature"]
    fetched = requests.get(answer["Location"], timeout=5)
    assert fetched.headers["Content-Type"] == "image/jpeg"
    assert Pillow.open(io.BytesIO(fetched.content)).size == (image.width, image.height)


def test_a_download_keeps_its_name(bucket, settings, s3, tmp_path):
    settings.STORAGES = storages(s3, tmp_path / "near", SW_S3_PUBLIC_URL=s3)
    name = default_storage.save("kept/ab/some", ContentFile(b"x"))
    fetched = requests.get(stored_file(name, "ünd 1.txt")["Location"], timeout=5)
    assert fetched.headers["Content-Disposition"].startswith("attachment") and fetched.content == b"x"


def test_a_store_out_of_reach_is_said(settings, bucket, tmp_path):
    assert check_files() == ""
    settings.STORAGES = storages("http://127.0.0.1:9", tmp_path / "near")
    default_storage.client_config.retries = {"max_attempts": 1}
    assert "does not answer" in check_files()
    with pytest.raises(BotoCoreError):
        default_storage.exists(SETTLED)
    with pytest.raises(BotoCoreError):
        default_storage.open(SETTLED).read()


def test_a_page_without_the_store_is_told_to_come_again(settings, bucket, tmp_path, client):
    image = make_image()
    settings.STORAGES = storages("http://127.0.0.1:9", tmp_path / "far")
    default_storage.client_config.retries = {"max_attempts": 1}
    client.raise_request_exception = False
    answer = client.get(reverse("datasets:image-original", args=[image.pk]))
    assert answer.status_code == 503 and answer["Retry-After"] and "does not answer now" in answer.content.decode()


def test_half_a_setting_is_said(monkeypatch, tmp_path):
    assert "FileSystemStorage" in choosing.storage(tmp_path)["BACKEND"]
    monkeypatch.setenv("SW_S3_BUCKET", "x")
    monkeypatch.setattr(choosing, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-s3\.txt"):
        choosing.storage(tmp_path)


def test_browsers_are_let_go_there(s3, tmp_path):
    with_address = storages(s3, tmp_path, SW_S3_PUBLIC_URL="https://files.example:9000/path/")["default"]
    assert choosing.origins(with_address) == ["https://files.example:9000"]
    assert choosing.origins(storages(s3, tmp_path)["default"]) == choosing.origins({}) == []
