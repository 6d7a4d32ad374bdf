"""The page of upkeep: the last check of the site, and a new one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from sw_site.jobs.models import Job, JobState
from sw_site.lib.errors import UserError
from sw_site.upkeep import verifying
from sw_site.upkeep.access import require_staff
from sw_site.upkeep.backup import folder
from sw_site.upkeep.verifying import CHECKS, sentence, start_verification

SNAPSHOTS = 20


@require_http_methods(["GET", "HEAD", "POST"])
def upkeep(request: HttpRequest) -> HttpResponse:
    try:
        require_staff(request)
    except UserError as error:
        raise PermissionDenied(error.message) from error
    if request.method == "POST":
        start(request)
        return redirect("upkeep")
    jobs = Job.objects.filter(kind=verifying.KIND).select_related("user").defer("log", "payload")
    done = jobs.filter(state=JobState.SUCCEEDED).first()
    report = done.result if done else None
    context = {
        "running": jobs.active().first(),
        "done": done,
        "report": report,
        "sentence": sentence(report) if report else "",
        "can_mend": any(row["can_mend"] and not row["mended"] for row in report["problems"]) if report else False,
        "checks": [title for title, _ in CHECKS.values()],
        **backups(),
    }
    return TemplateResponse(request, "upkeep/upkeep.html", context)


def start(request: HttpRequest) -> None:
    """Queue what the pressed button says."""
    action, user = request.POST.get("action"), request.user
    try:
        if action == "backup":
            job = folder.start_backup(user)  # type: ignore[arg-type]
        else:
            deep = request.POST.get("deep") == "1"
            job = start_verification(user, deep=deep, mend=action == "mend")  # type: ignore[arg-type]
    except UserError as error:
        messages.warning(request, error.message)
        return
    messages.info(request, f"“{job.title}” is on its way; this page shows what comes of it.")


def backups() -> dict[str, Any]:
    """What there is to restore, as far as this process can see the folder of backups."""
    jobs = Job.objects.filter(kind=folder.KIND).defer("log", "payload")
    context: dict[str, Any] = {
        "backup_dir": settings.BACKUP_DIR,
        "backup_running": jobs.active().first(),
        "snapshots": [],
    }
    if settings.BACKUP_DIR:
        try:
            context["snapshots"] = folder.list_snapshots(folder.backup_folder())[:SNAPSHOTS]
        except UserError as error:
            context["backup_remark"] = "" if error.code == "no_backup" else error.message
    return context
