"""A start does what is missing, and nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sw_site import freshness


@pytest.fixture
def called(monkeypatch, settings, tmp_path, db):
    """Names of the commands that were run; files to serve in a folder of our own."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.js").write_text("a")
    settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS = (
        [sources],
        ["django.contrib.staticfiles.finders.FileSystemFinder"],
    )
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    freshness.get_finders.__globals__["get_finder"].cache_clear()
    names: list[str] = []
    monkeypatch.setattr(freshness, "call_command", lambda name, **options: names.append(name))
    yield names
    freshness.get_finders.__globals__["get_finder"].cache_clear()


def test_static_files_are_collected_once_and_after_a_change(called, settings):
    freshness.bring_up_to_date()
    freshness.bring_up_to_date()
    assert called == ["collectstatic"]
    file = Path(settings.STATICFILES_DIRS[0]) / "a.js"
    os.utime(file, ns=(1, 1))
    freshness.bring_up_to_date()
    (file.parent / "b.js").write_text("b")
    freshness.bring_up_to_date()
    assert called == ["collectstatic"] * 3


def test_a_collection_that_failed_is_done_again(called, monkeypatch):
    def fail(name, **options):
        raise OSError("no room")

    monkeypatch.setattr(freshness, "call_command", fail)
    with pytest.raises(OSError):
        freshness.bring_up_to_date()
    monkeypatch.setattr(freshness, "call_command", lambda name, **options: called.append(name))
    freshness.bring_up_to_date()
    assert called == ["collectstatic"]


def test_tables_are_made_where_a_migration_is_missing(called, monkeypatch):
    class Behind:
        class loader:
            class graph:
                leaf_nodes = staticmethod(lambda: ["somewhere"])

        def __init__(self, connection):
            pass

        def migration_plan(self, targets):
            return targets

    monkeypatch.setattr(freshness, "MigrationExecutor", Behind)
    freshness.bring_up_to_date()
    assert called[0] == "migrate"
