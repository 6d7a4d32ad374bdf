"""People who ask the queue in the same moment, over HTTP, on a served site: nobody is given what another has."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.e2e.conftest import ROOT, Site
from tests.e2e.labelling import command, import_photos

pytestmark = pytest.mark.browser
PEOPLE, ROUNDS, PHOTOS = 8, 6, 12
MAKE = """
from django.contrib.auth import get_user_model
for number in range({people}):
    get_user_model().objects.create_user(f"racer{{number}}", password="secret-42-pass", is_staff=True)
print("made")
"""


class Person:
    """Signed in over HTTP; `ask` hands back what was held and gives the number of the next photo."""

    def __init__(self, site: Site, name: str, slug: str) -> None:
        self.url, self.http, self.held = f"{site.url}/api/v1/datasets/{slug}/queue", requests.Session(), None
        self.http.get(f"{site.url}/sign-in/")
        form = {"username": name, "password": "secret-42-pass", **self.token("csrfmiddlewaretoken")}
        answer = self.http.post(f"{site.url}/sign-in/", form, headers={"Referer": site.url})
        assert "sign-in" not in answer.url

    def token(self, name: str) -> dict[str, str]:
        return {name: self.http.cookies["csrftoken"]}

    def ask(self, start: threading.Barrier) -> int | None:
        start.wait(30)
        headers = {**self.token("X-CSRFToken"), "Referer": self.url}
        answer = self.http.post(self.url, json={"work": "review", "done": self.held}, headers=headers)
        assert answer.status_code == 200, answer.text
        self.held = answer.json()["image"]
        return self.held


def test_nobody_is_given_what_another_has(site: Site, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    import_photos(site, photos, "Race", PHOTOS)
    environment = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings", "PATH": ""}
    words = [sys.executable, "manage.py", "shell", "-v", "0", "-c", MAKE.format(people=PEOPLE)]
    subprocess.run(words, cwd=ROOT, env=environment, check=True)
    people = [Person(site, f"racer{number}", "race") for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        for _ in range(ROUNDS):
            start = threading.Barrier(PEOPLE)
            given = list(pool.map(lambda person, at=start: person.ask(at), people))
            assert None not in given
            assert len(set(given)) == PEOPLE, given
    listed = command(site, "edit_images", "Race", "list")["images"]
    assert {image["state"] for image in listed} == {"labelled"}
