"""The cast and the doors: Alice is signed in, a visitor is not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.factories import make_user
from tests.postgres import as_default, migrated, postgres_server


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


@pytest.fixture(scope="session")
def postgres(django_db_blocker) -> Iterator[dict[str, Any]]:
    """Settings of a migrated Postgres of our own, for `tests.postgres.as_default`."""
    with postgres_server() as url:
        with django_db_blocker.unblock():
            values = migrated(url)
        yield values


@pytest.fixture
def on_both(db, postgres) -> Callable[[Callable[[], Any]], Any]:
    """Tell the same story on SQLite and on Postgres: both must end in equal values, which are given back."""

    def run(story: Callable[[], Any]) -> Any:
        here = story()
        with as_default(postgres), transaction.atomic():
            there = story()
            transaction.set_rollback(True)
        assert there == here
        return here

    return run
