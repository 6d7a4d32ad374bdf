"""Is this process alive, and may it be sent requests?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from sw_site import RELEASE
from sw_site.lib.files.where import bucket

NEVER_KEPT = {"Cache-Control": "no-store"}


def health(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, so that a broken database does not get web processes killed."""
    return JsonResponse({"ok": True, "release": RELEASE}, headers=NEVER_KEPT)


def ready(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, else 503; of each thing needed "ok" or a sentence without details."""
    checks = {name: check() or "ok" for name, check in CHECKS.items()}
    good = set(checks.values()) == {"ok"}
    return JsonResponse({"ready": good, "checks": checks}, status=200 if good else 503, headers=NEVER_KEPT)


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if _tables_are_up_to_date() else "Migrations are to be applied: manage.py migrate."
    except DatabaseError:
        return "The database does not answer."
    finally:
        connection.close_if_unusable_or_obsolete()


def _tables_are_up_to_date() -> bool:
    """Asked until it is so once: while this process lives, migrations are added only."""
    if not _up_to_date:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _up_to_date.append(True)
    return True


_up_to_date: list[bool] = []


def check_files() -> str:
    if (store := bucket()) is not None and (wrong := store.check()):
        return str(wrong)
    folder = Path(settings.MEDIA_ROOT)
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(existing, os.W_OK):
        return "The folder of files cannot be written."
    free = shutil.disk_usage(existing).free
    return "" if free >= settings.MIN_FREE_BYTES else f"The disk is nearly full ({free // 2**20:,} MB free)."


CHECKS: dict[str, Callable[[], str]] = {"database": check_database, "files": check_files}
