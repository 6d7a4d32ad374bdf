"""One run, as it goes: figures, curves, filmstrip, log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.html import escape
from django.views.decorators.http import condition, require_safe

from sw_site.jobs.models import JobState
from sw_site.jobs.workers import hosts
from training.access import run_for
from training.checkpoints import checkpoints_of
from training.control import PRIORITIES, place_in_queue
from training.failures import log_tail
from training.filmstrip import filmstrip
from training.following import seconds_left
from training.formats import possible_formats
from training.http import SignedInRequest
from training.jobs import QUEUE
from training.mending import mend_for
from training.models import Run
from training.series import series_of, state_of
from training.sharing.places import run_files_of
from training.views.models import class_rows

#: htmx stops polling at this status.
STOP_POLLING = 286
NOTHING_NEW = 204


@require_safe
def run_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_for(request, pk)
    context = {
        **run_page(run),
        **run_work(run),
        "frames": filmstrip(run, request.user),
        "formats": possible_formats(run.config.get("model", {}).get("architecture", "")),
    }
    return TemplateResponse(request, "training/run_detail.html", context)


@require_safe
def run_status(request: SignedInRequest, pk: int) -> HttpResponse:
    """The moving part of the page; once the run has ended the whole page is fetched anew, with its other buttons."""
    run = run_for(request, pk)
    page = run_page(run)
    moved = request.GET.get("was", page["can_do"]) != page["can_do"]
    response = render(request, "training/_run_status.html", {**page, "oob": True, "moved": moved})
    if not run.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def run_frames(request: SignedInRequest, pk: int) -> HttpResponse:
    """The filmstrip, when there is an evaluation that the page does not have yet."""
    run = run_for(request, pk)
    newest = run.frames.order_by("-step").values_list("step", flat=True).first()
    if newest is None or request.GET.get("have") == str(newest):
        return HttpResponse(status=NOTHING_NEW if run.is_active else STOP_POLLING)
    frames = filmstrip(run, request.user)
    return render(request, "training/_run_frames.html", {"run": run, "frames": frames})


@require_safe
def run_files(request: SignedInRequest, pk: int) -> HttpResponse:
    """Checkpoints and history, when there is one that the page does not have yet."""
    run = run_for(request, pk)
    work = run_work(run)
    if request.GET.get("work") == work["work"]:
        return HttpResponse(status=NOTHING_NEW if run.is_active else STOP_POLLING)
    return render(request, "training/_run_files.html", {"run": run, **work})


@require_safe
def run_log(request: SignedInRequest, pk: int) -> HttpResponse:
    """The log as a fragment: text made safe to put into a page."""
    run = run_for(request, pk)
    text = f"{run.job.log if run.job else ''}\n{log_tail(run_files_of(pk).place('log.txt'))}".strip()
    status = 200 if run.is_active else STOP_POLLING
    return HttpResponse(escape(text or "Nothing has been written yet."), status=status)


def what_it_has(request: HttpRequest, pk: int) -> str | None:
    run = Run.objects.filter(pk=pk).select_related("job").first()
    return f'"{state_of(run)}"' if run else None


@require_safe
@condition(etag_func=what_it_has)
def run_series(request: SignedInRequest, pk: int) -> HttpResponse:
    """The curves, or what is new of them; a browser that has the latest is told so and nothing is read."""
    after = request.GET.get("after", "")
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    response = JsonResponse(series_of(run_for(request, pk), number, request.GET.get("story", "")))
    response["Cache-Control"] = "private, no-cache"
    return response


def run_work(run: Run) -> dict[str, Any]:
    """Checkpoints and history; `work` tells one state of them from another."""
    history, checkpoints = list(run.history.select_related("user")), checkpoints_of(run)
    latest = checkpoints[0].step if checkpoints else ""
    return {
        "history": history,
        "checkpoints": checkpoints,
        "extra_steps": max(1, run.steps // 4),
        "work": f"{len(history)}-{len(checkpoints)}-{latest}-{run.best_step}-{run.is_active}",
    }


def run_page(run: Run) -> dict[str, Any]:
    """What the page and its moving part show."""
    left = seconds_left(run) if run.phase == "training" and run.is_active else None
    return {
        "run": run,
        "job": run.job,
        "model": getattr(run, "model", None),
        "per_class": class_rows(run, run.best_per_class),
        "seconds_left": left,
        "can_resume": run.state in (JobState.FAILED, JobState.CANCELLED),
        "can_do": f"{run.state}-{bool(run.step)}",
        "mend": mend_for(run),
        "place": place_in_queue(run.job),
        "priorities": PRIORITIES,
        "hosts": hosts(QUEUE) if run.state == JobState.QUEUED else [],
    }
