"""Stored files are handed out after the question of who may: by Django, or by the web server in front."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404

from sw_site.accounts.roles import Role
from sw_site.lib.serving import stored_file
from tests.factories import make_dataset, make_image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kept(db):
    return default_storage.save("some/ünd 1.txt", ContentFile(b"kept"))


def test_django_sends_it(kept):
    response = stored_file(kept, Cache_Control="private")
    assert b"".join(response) == b"kept" and response["Content-Type"].startswith("text/plain")
    assert response["Cache-Control"] == "private" and "Content-Disposition" in response


def test_the_web_server_is_told_where_it_is(kept, settings):
    settings.ACCEL_PREFIX = "/media-files/"
    response = stored_file(kept, "shown.txt", Cache_Control="private")
    assert response["X-Accel-Redirect"] == "/media-files/some/%C3%BCnd%201.txt" and response.content == b""
    assert response["Content-Disposition"] == 'attachment; filename="shown.txt"'


@pytest.mark.parametrize("prefix", ["", "/media-files/"])
def test_what_is_gone_is_said(db, settings, prefix):
    settings.ACCEL_PREFIX = prefix
    with pytest.raises(Http404):
        stored_file("nowhere.txt")


def test_who_may_not_is_told_nothing(client, settings):
    """The header is for the web server: it must never be sent to somebody who may not see the photo."""
    settings.ACCEL_PREFIX = "/media-files/"
    open_image = make_image(make_dataset(team_role=Role.VIEWER))
    hidden = make_image(make_dataset(team_role=Role.NOBODY))
    shown = client.get(address(open_image))
    assert shown["X-Accel-Redirect"] == f"/media-files/{open_image.file}" and "immutable" in shown["Cache-Control"]
    refused = client.get(address(hidden))
    assert refused.status_code == 404 and "X-Accel-Redirect" not in refused


def address(image) -> str:
    return f"/datasets/images/{image.pk}/file/{image.sha256[:12]}/"


def test_nginx_has_the_place():
    config = (ROOT / "deploy" / "nginx" / "site.conf").read_text()
    place = re.search(r"location /media-files/ \{(.*?)\}", config, re.S)
    assert place and "internal;" in place[1] and "alias /data/media/;" in place[1]
