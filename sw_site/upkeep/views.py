"""The page of upkeep: the last check of the site, and a new one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from sw_site.jobs.models import Job, JobState
from sw_site.lib.errors import UserError
from sw_site.upkeep.access import require_staff
from sw_site.upkeep.verifying import CHECKS, KIND, sentence, start_verification


@require_http_methods(["GET", "HEAD", "POST"])
def upkeep(request: HttpRequest) -> HttpResponse:
    try:
        require_staff(request)
    except UserError as error:
        raise PermissionDenied(error.message) from error
    if request.method == "POST":
        job = start_verification(
            request.user,  # type: ignore[arg-type]
            deep=request.POST.get("deep") == "1",
            mend=request.POST.get("action") == "mend",
        )
        messages.info(request, f"“{job.title}” is on its way; this page shows what it finds.")
        return redirect("upkeep")
    jobs = Job.objects.filter(kind=KIND).select_related("user").defer("log", "payload")
    done = jobs.filter(state=JobState.SUCCEEDED).first()
    report = done.result if done else None
    context = {
        "running": jobs.active().first(),
        "done": done,
        "report": report,
        "sentence": sentence(report) if report else "",
        "can_mend": any(row["can_mend"] and not row["mended"] for row in report["problems"]) if report else False,
        "checks": [title for title, _ in CHECKS.values()],
    }
    return TemplateResponse(request, "upkeep/upkeep.html", context)
