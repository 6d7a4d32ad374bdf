"""The cast and the doors: Alice is signed in, a visitor is not."""

import pytest
from django.test import Client

from tests.factories import make_user


@pytest.fixture
def alice(db):
    return make_user("alice")


@pytest.fixture
def client(alice) -> Client:
    """A browser in which Alice is signed in."""
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def visitor(db) -> Client:
    """A browser in which nobody is signed in."""
    return Client()


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """Files of one test are not seen by the next, whose rows may have the same ids."""
    for name in ("MEDIA_ROOT", "RUNS_ROOT", "UPLOADS_ROOT"):
        setattr(settings, name, tmp_path / "site" / name.lower())
