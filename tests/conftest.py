"""The cast and the doors: Alice is signed in, a visitor is not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client

from tests.buckets import new_bucket, s3_server, storages
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
def own_files(request, settings, tmp_path):
    """Files of one test are not seen by the next, whose rows may have the same ids. SW_TEST_FILES=s3: in a bucket."""
    for name in ("MEDIA_ROOT", "RUNS_ROOT", "UPLOADS_ROOT"):
        setattr(settings, name, tmp_path / "site" / name.lower())
    if os.environ.get("SW_TEST_FILES") == "s3":
        into_a_bucket(settings, request.getfixturevalue("s3"), tmp_path)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a store of our own that speaks S3."""
    with s3_server() as url:
        yield url


@pytest.fixture
def bucket(settings, s3, tmp_path) -> Any:
    """The site's files lie in an empty bucket for this test; the storage."""
    return into_a_bucket(settings, s3, tmp_path)


def into_a_bucket(settings: Any, url: str, folder: Path) -> Any:
    new_bucket(url)
    settings.STORAGES = storages(url, folder / "near")
    return default_storage


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
