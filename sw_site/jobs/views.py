"""Pages of background work."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from sw_site.jobs import actions
from sw_site.jobs.access import job_for, job_to_change
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.workers import machines, queue_lengths
from sw_site.lib.errors import UserError


@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).select_related("user").defer("log", "payload", "result")
    state = request.GET.get("state", "")
    if state in JobState.values:
        jobs = jobs.filter(state=state)
    page = Paginator(jobs, 50).get_page(request.GET.get("page"))
    context = {"page": page, "state": state, "states": JobState.choices}
    template = "jobs/_job_rows.html" if request.htmx else "jobs/job_list.html"  # type: ignore[attr-defined]
    return TemplateResponse(request, template, context)


@require_safe
def ring(request: HttpRequest) -> HttpResponse:
    """The small ring in the top bar: how many jobs are on their way, and how far the first of them is."""
    active = list(Job.objects.visible_to(request.user).active().defer("log", "payload", "result")[:20])
    return render(request, "jobs/_ring.html", {"active": active})


@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_for(request, pk)
    return TemplateResponse(request, "jobs/job_detail.html", {"job": job})


@require_safe
def job_status(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_for(request, pk)
    return render(request, "jobs/_job_status.html", {"job": job})


@require_safe
def worker_list(request: HttpRequest) -> HttpResponse:
    """Machines with their workers and GPUs, and how long the queues are."""
    context = {"machines": machines(request.user), "queues": sorted(queue_lengths().items())}  # type: ignore[arg-type]
    template = "jobs/_machines.html" if request.htmx else "jobs/worker_list.html"  # type: ignore[attr-defined]
    return TemplateResponse(request, template, context)


@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_to_change(request, pk)
    try:
        job = actions.cancel_job(job)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.info(request, f"“{job.title}” was asked to stop." if job.is_active else f"“{job.title}” is cancelled.")
    return redirect(request.POST.get("next_page") == "subject" and job.subject_url or job.get_absolute_url())


@require_POST
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_to_change(request, pk)
    try:
        job = actions.retry_job(job)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.info(request, f"“{job.title}” is waiting for a worker again.")
    return redirect(job)
