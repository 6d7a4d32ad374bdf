"""Passwords, keys and tokens are in no log line, whatever goes well or wrong, at any level."""

from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from django.test import Client

from sw_site import pages
from sw_site.logs import logging_config
from sw_site.team.models import ApiToken
from sw_site.team.tokens import make_token
from tests.factories import make_dataset

PASSWORD, GUESS, ASKED = "secret-42-pass", "a-guess-77", "word-in-an-address"


@pytest.fixture
def lines():
    """Every record of every logger as it is written, with traces, in both forms."""
    written: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record) + str(record.__dict__))

    root, keeper = logging.getLogger(), Keeper(logging.DEBUG)
    keeper.setFormatter(logging.Formatter(logging_config()["formatters"]["text"]["format"], defaults={"work": ""}))
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(keeper)
    root.setLevel(level)


@pytest.fixture(autouse=True)
def no_tries_yet():
    cache.clear()
    yield
    cache.clear()


def test_what_is_secret_is_never_logged(alice, lines, settings, monkeypatch):
    settings.ACCESS_LOG = True
    token, key = make_token(alice, "robot", "admin")
    browser = Client(raise_request_exception=False)
    signed = {"Authorization": f"Bearer {key}"}
    make_dataset()
    assert browser.get("/api/v1/datasets", headers=signed).status_code == 200
    assert browser.get(f"/nowhere?password={ASKED}", headers=signed).status_code == 404
    assert browser.get("/api/v1/datasets", headers={"Authorization": f"Bearer {key}x"}).status_code == 401
    assert browser.post("/sign-in/", {"username": "alice", "password": GUESS}).status_code == 200
    assert browser.post("/sign-in/", {"username": "alice", "password": PASSWORD}).status_code == 302
    session = browser.cookies["sessionid"].value
    monkeypatch.setattr(pages, "TemplateResponse", lambda *args: 1 / 0)
    assert browser.get(f"/?key={ASKED}", headers=signed).status_code == 500
    told = "\n".join(lines)
    assert "ZeroDivisionError" in told and "/nowhere" in told, "the log says what happened"
    secrets = {"token": key, "password": PASSWORD, "guess": GUESS, "session": session, "key": settings.SECRET_KEY}
    assert [name for name, value in secrets.items() if value in told] == []
    assert f"password={ASKED}" not in told and f"key={ASKED}" not in told


def test_a_token_stands_in_no_row(alice):
    _, key = make_token(alice, "robot", "admin")
    row = ApiToken.objects.get()
    assert all(key not in str(value) for value in vars(row).values())
