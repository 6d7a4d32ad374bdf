"""Upkeep over the API, for staff."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate

from sw_site.jobs.models import Job
from sw_site.lib.schemas import Body
from sw_site.upkeep.access import require_staff
from sw_site.upkeep.backup import folder
from sw_site.upkeep.verifying import KIND, start_verification

router = Router(tags=["upkeep"])


class VerificationIn(Body):
    """`deep` reads every file and compares its hash; `mend` puts right what can be without losing anything."""

    deep: bool = False
    mend: bool = False


class VerificationOut(Schema):
    """`report` is that of `manage.py verify --json`; null until the job is done."""

    job: int
    state: str
    error: str
    report: dict[str, Any] | None


class BackupOut(Schema):
    """`result` is what `manage.py backup --json` prints; null until the job is done."""

    job: int
    state: str
    error: str
    result: dict[str, Any] | None


def as_out(job: Job) -> dict[str, Any]:
    return {"job": job.pk, "state": job.state, "error": job.error, "report": job.result or None}


@router.post("/verifications", response={202: VerificationOut})
def start(request: HttpRequest, data: VerificationIn) -> Status[dict[str, Any]]:
    """Check the whole site in the background."""
    require_staff(request)
    job = start_verification(request.user, deep=data.deep, mend=data.mend)  # type: ignore[arg-type]
    return Status(202, as_out(job))


@router.get("/verifications/{int:job}", response=VerificationOut)
def show(request: HttpRequest, job: int) -> dict[str, Any]:
    require_staff(request)
    return as_out(get_object_or_404(Job, pk=job, kind=KIND))


def backup_out(job: Job) -> dict[str, Any]:
    return {"job": job.pk, "state": job.state, "error": job.error, "result": job.result or None}


@router.post("/backups", response={202: BackupOut})
def start_backup(request: HttpRequest) -> Status[dict[str, Any]]:
    """Back up into the folder of SW_BACKUP_DIR, in the background."""
    require_staff(request)
    return Status(202, backup_out(folder.start_backup(request.user)))  # type: ignore[arg-type]


@router.get("/backups", response=list[dict[str, Any]])
@paginate
def list_backups(request: HttpRequest) -> list[dict[str, Any]]:
    """Snapshots that can be restored, the newest first."""
    require_staff(request)
    return folder.list_snapshots(folder.backup_folder())


@router.get("/backups/{int:job}", response=BackupOut)
def show_backup(request: HttpRequest, job: int) -> dict[str, Any]:
    require_staff(request)
    return backup_out(get_object_or_404(Job, pk=job, kind=folder.KIND))
