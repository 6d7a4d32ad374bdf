"""What has to be set up before a start, and what is as the last start left it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sw_site.static_storage import ServedFiles


def bring_up_to_date() -> None:
    """Tables and static files; seconds the first time and after an upgrade, else next to nothing."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)
    mark, wanted = Path(settings.STATIC_ROOT) / ".collected", fingerprint()
    if mark.is_file() and mark.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(wanted)


def fingerprint() -> str:
    """Of what static files are made of: names, sizes and times of change, ours and those of every package."""
    lines = sorted(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in _sources())
    return hashlib.sha256("\n".join([settings.STORAGES["staticfiles"]["BACKEND"], *lines]).encode()).hexdigest()


def _sources() -> Iterator[tuple[str, os.stat_result]]:
    for finder in get_finders():
        for name, storage in finder.list(ServedFiles.ignore_patterns):
            path = Path(storage.path(name))
            yield str(path), path.stat()
