"""Database and disk fail: said as such, and as something to try again."""

from __future__ import annotations

import errno

import pytest
from django.db.utils import InterfaceError, OperationalError
from django.test import Client

from sw_site import pages
from sw_site.team import token_api

pytestmark = pytest.mark.django_db
FAILURES = [
    (OperationalError("database is locked"), 503, "database_busy"),
    (OperationalError("connection to server failed"), 503, "database_busy"),
    (InterfaceError("the connection is closed"), 503, "database_busy"),
    (OperationalError("database or disk is full"), 507, "disk_full"),
    (OperationalError("attempt to write a readonly database"), 507, "disk_unwritable"),
    (OSError(errno.ENOSPC, "No space left on device"), 507, "disk_full"),
    (OSError(errno.EROFS, "Read-only file system"), 507, "disk_unwritable"),
]


@pytest.fixture
def calm(alice) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


def failing(error: BaseException):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize(("error", "status", "code"), FAILURES, ids=[str(row[0]) for row in FAILURES])
def test_an_outage_is_said_with_its_code(calm, monkeypatch, error, status, code):
    monkeypatch.setattr(token_api.ApiToken.objects, "filter", failing(error))
    answer = calm.get("/api/v1/team/tokens")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert int(answer["Retry-After"]) > 0


def test_a_page_says_it_too(calm, monkeypatch):
    monkeypatch.setattr(pages, "TemplateResponse", failing(OperationalError("database is locked")))
    answer = calm.get("/")
    assert answer.status_code == 503 and "Try again in a moment" in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


def test_other_faults_stay_faults(calm, monkeypatch):
    monkeypatch.setattr(pages, "TemplateResponse", failing(ZeroDivisionError()))
    assert calm.get("/").status_code == 500
