"""The folder of backups that the site is set to (SW_BACKUP_DIR), and work on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError
from sw_site.upkeep.backup.making import make_backup, summary
from sw_site.upkeep.backup.repository import Repository

if TYPE_CHECKING:
    from sw_site.accounts.models import User

KIND = "backup"


def backup_folder(given: str = "") -> Path:
    """The folder named, else that of the settings. Raises UserError when there is neither."""
    if not (given or settings.BACKUP_DIR):
        raise UserError("no_backup_folder", "Name a folder for backups, or set SW_BACKUP_DIR. Best is another disk.")
    return Path(given or settings.BACKUP_DIR)


def list_snapshots(folder: Path) -> list[dict[str, Any]]:
    """What there is to restore, the newest first; a damaged snapshot has its name and `damaged`."""
    repository, found = Repository.open(folder), []
    for name in repository.names():
        try:
            found.append(summary(repository.read(name)))
        except UserError as error:
            found.append({"snapshot": name, "damaged": error.message})
    return found


def check_backups(folder: Path) -> dict[str, Any]:
    """Read all of the newest snapshot and of those before it. Raises UserError at the first thing that is damaged."""
    repository = Repository.open(folder)
    seen: set[str] = set()
    for name in repository.names():
        for sha256 in repository.read(name).objects.keys() - seen:
            repository.read_whole(sha256)
            seen.add(sha256)
    return {"folder": str(folder), "snapshots": len(repository.names()), "contents": len(seen)}


def run_backup(context: JobContext, keep: int) -> dict[str, Any]:
    """Job: a backup into the folder of the settings."""
    try:
        found = make_backup(backup_folder(), keep, context.step)
    except UserError as error:
        raise JobError(error.message) from error
    context.progress(1, 1, sentence(found))
    return found


def sentence(found: dict[str, Any]) -> str:
    said = (
        f"{found['snapshot']}: {found['files']:,} files and {found['rows']:,} rows, {found['copied']:,} files were new."
    )
    if found["missing"]:
        said += f" {found['missing']:,} files that rows name were not there: run manage.py verify."
    return said


def start_backup(user: User | None, keep: int = 0) -> Job:
    """Queue a backup; the one that is on its way if there is one. Raises UserError without SW_BACKUP_DIR."""
    backup_folder()
    running = Job.objects.active().filter(kind=KIND).first()
    values = {"title": "Backup of the site", "payload": {"keep": keep}, "user": user}
    return running or submit(run_backup, kind=KIND, subject_url=reverse("upkeep"), **values)  # type: ignore[arg-type]
