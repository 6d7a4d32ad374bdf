"""People who ask the queue in the same moment, over HTTP, on a served site: nobody is given what another has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.e2e.conftest import Site, start_site
from tests.e2e.labelling import import_photos, manage
from tests.postgres import postgres_server

pytestmark = pytest.mark.browser
PEOPLE, ROUNDS, PHOTOS = 8, 6, 12
MAKE = """
from django.contrib.auth import get_user_model
for name in {names}:
    get_user_model().objects.create_user(name, password="secret-42-pass", is_staff=True)
print("made")
"""


class Person:
    """Signed in over HTTP; `ask` hands back what was held and gives the number of the next photo."""

    def __init__(self, site: Site, name: str, slug: str, work: str) -> None:
        self.work = work
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
        answer = self.http.post(self.url, json={"work": self.work, "done": self.held}, headers=headers)
        assert answer.status_code == 200, answer.text
        self.held = answer.json()["image"]
        return self.held


@pytest.fixture(params=["sqlite", "postgres"])
def served(request, tmp_path_factory) -> Iterator[tuple[Site, dict[str, str]]]:
    """A site, and what its commands must be told. Postgres is served by two processes, whatever the machine has."""
    if request.param == "sqlite":
        yield request.getfixturevalue("site"), {}
        return
    with postgres_server() as url:
        told = {"DATABASE_URL": url, "SW_WEB_PROCESSES": "2"}
        site = start_site(tmp_path_factory.mktemp("site"), SW_DEMO="0", **told)
        try:
            yield site, told
        finally:
            site.stop()


@pytest.mark.parametrize("work", ["label", "review"])
def test_nobody_is_given_what_another_has(served, tmp_path, work):
    site, told = served
    name = f"Race to {work}"
    images = import_photos(site, tmp_path, name, PHOTOS, annotated=work == "review", environment=told)
    names = [f"{work}er{number}" for number in range(PEOPLE)]
    manage(site, "shell", "-v", "0", "-c", MAKE.format(names=names), environment=told)
    people = [Person(site, name, f"race-to-{work}", work) for name in names]
    with ThreadPoolExecutor(PEOPLE) as pool:
        for _ in range(ROUNDS):
            start = threading.Barrier(PEOPLE)
            given = list(pool.map(lambda person, at=start: person.ask(at), people))
            assert len(set(given)) == PEOPLE and set(given) <= set(images), given
