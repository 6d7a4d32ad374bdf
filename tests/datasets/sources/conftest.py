"""Names that lead to this machine, a web server on it, and a job that somebody has cancelled."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from datasets.sources import addresses
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import Job
from tests.datasets.sources.server import NAMES, serving


@pytest.fixture
def lookups(monkeypatch):
    """Names of the tests, and 127.0.0.1 in the part of a public machine; every look-up of a name is written down."""
    asked = []
    real = socket.getaddrinfo

    def look(host, port, *args, **kwargs):
        if host in NAMES:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in NAMES[host]]
        if not host[0].isdigit():
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, port, *args, **kwargs)

    public = addresses.is_public
    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1" or public(text))
    return asked


@pytest.fixture
def web(lookups):
    with serving() as web:
        yield web


@pytest.fixture
def on(settings):
    settings.URL_IMPORT = True


@pytest.fixture
def cancelled():
    """The context of a job that stops at its first step."""
    return SimpleNamespace(job=Job(pk=7), step=Mock(side_effect=JobCancelled))
