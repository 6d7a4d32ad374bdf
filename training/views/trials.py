"""Trying a run out from its form: asked for, followed, and its pictures."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from sw_site.lib.errors import UserError
from training.estimates import seconds_of
from training.forms import RunForm
from training.http import SignedInRequest
from training.trials import Trial, request_trial, visible_trial
from training.words import duration


@require_POST
def trial_create(request: SignedInRequest) -> HttpResponse:
    form = RunForm(request.user, request.POST)
    plan = form.plan()
    if plan is None or plan.blocked:
        return render(request, "training/_trial.html", {"refused": True})
    try:
        trial = request_trial(plan.version, plan.settings, plan.base, user=request.user)
    except UserError as error:
        return render(request, "training/_trial.html", {"refused": error.message})
    return trial_detail_of(request, trial, plan.settings.steps)


@require_safe
def trial_detail(request: SignedInRequest, key: str, steps: int) -> HttpResponse:
    return trial_detail_of(request, found(request, key), steps)


def trial_detail_of(request: SignedInRequest, trial: Trial, steps: int) -> HttpResponse:
    seconds = seconds_of(trial, steps)
    context = {"trial": trial, "steps": steps, "takes": duration(seconds) if seconds is not None else ""}
    return render(request, "training/_trial.html", context)


@require_safe
def trial_sample(request: SignedInRequest, key: str, number: int) -> FileResponse:
    trial = found(request, key)
    path = trial.folder / "samples" / f"{number}.jpg"
    if number not in trial.samples or not path.is_file():
        raise Http404("There is no such picture any more.")
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    return response


def found(request: SignedInRequest, key: str) -> Trial:
    try:
        return visible_trial(key, request.user)
    except UserError as error:
        raise Http404(error.message) from error
