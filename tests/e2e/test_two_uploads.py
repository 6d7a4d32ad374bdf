"""Several people at once, a killed browser, and a tus client that is not ours."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage

from tests.e2e.conftest import BROWSERS, Site
from tests.e2e.uploading import add_person, files_of, make_dataset, signed_in, two_at_once, write_photos
from tests.factories import picture_bytes

pytestmark = pytest.mark.browser
FILES = 60


@pytest.fixture(scope="module")
def people(site: Site) -> list[str]:
    for name in ("alice", "bob"):
        add_person(site, name)
    return ["alice", "bob"]


def test_two_browsers_at_once_one_killed_end_with_every_file_once(site, people, browser: Browser, tmp_path: Path):
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    folders = {name: tmp_path / name for name in people}
    names = [file for n, (name, folder) in enumerate(folders.items()) for file in write_photos(folder, FILES, 90 * n)]
    with signed_in(site, people[0]) as session:
        slug = make_dataset(site, session, "Two at once")
        at_kill, found = two_at_once(browser.browser_type, chromium, site, slug, folders)
        assert FILES // 3 <= at_kill <= found
        assert files_of(site, session, slug) == dict.fromkeys(names, 1)


def test_a_tus_client_of_others_sends_in_pieces_and_goes_on(site, people, tmp_path: Path):
    photo = tmp_path / "droid.jpg"
    photo.write_bytes(data := picture_bytes())
    with signed_in(site, people[1]) as session:
        slug = make_dataset(site, session, "By tuspy")
        endpoint = f"{site.url}/api/v1/uploads/{slug}"
        cookies = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
        headers = {"Cookie": cookies, "X-CSRFToken": session.headers["X-CSRFToken"]}

        def uploader():
            """As a program that is started anew: it knows only what it wrote down."""
            return TusClient(endpoint, headers=headers).uploader(
                file_path=str(photo),
                chunk_size=1000,
                metadata={"filename": "sub folder/droïd.jpg"},
                store_url=True,
                url_storage=FileStorage(str(tmp_path / "urls.json")),
            )

        first = uploader()
        first.upload_chunk()
        first.upload_chunk()
        (half,) = session.get(endpoint, timeout=30).json()["files"]
        assert (half["path"], half["size"], half["offset"]) == ("sub folder/droïd.jpg", len(data), 2000)
        second = uploader()
        assert (second.url, second.get_offset()) == (first.url, 2000)
        second.upload()
        (whole,) = session.get(endpoint, timeout=30).json()["files"]
        assert whole["offset"] == len(data)
        with pytest.raises(TusCommunicationError):
            TusClient(f"{site.url}/api/v1/uploads/no-such-dataset", headers=headers).uploader(
                file_path=str(photo), metadata={"filename": "a.jpg"}
            ).upload()
        job = session.post(f"{endpoint}/finish", json={}, timeout=30).json()
        wait_for_job(site, session, job["url"])
        page = session.get(f"{site.url}/api/v1/datasets/{slug}/images", timeout=30).json()
        (image,) = page["items"]
        assert (image["file_name"], image["width"]) == ("droïd.jpg", 400)
        assert session.get(f"{site.url}{image['url']}", timeout=30).content == data


def wait_for_job(site: Site, session: requests.Session, url: str) -> None:
    for _ in range(120):
        if "boxes added" in session.get(f"{site.url}{url}", timeout=30).text:
            return
        threading.Event().wait(0.5)
    raise AssertionError("the import has not ended")
