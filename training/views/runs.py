"""The list of runs, and starting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sw_site.jobs.models import JobState
from sw_site.lib.errors import UserError
from training.access import runs_for
from training.actions import start_run
from training.bases import may_use_backbones, save_backbone
from training.cloning import answers_like, start_like
from training.forms import BackboneForm, RunForm
from training.http import SignedInRequest, go_to
from training.models import Run

PAGE_SIZE = 50
#: What a line of the list does not show, and what can be long.
UNSHOWN = (
    "config",
    "best_per_class",
    "machine",
    "job__log",
    "job__payload",
    "job__result",
    "model__classes",
    "model__note",
)


@require_safe
def run_list(request: SignedInRequest) -> HttpResponse:
    runs = runs_for(request).defer(*UNSHOWN)
    state = request.GET.get("state", "")
    if state in JobState.values:
        runs = runs.filter(job__state=state)
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "state": state, "states": JobState.choices}
    return TemplateResponse(request, "training/run_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def run_create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        answers = first_answers(request)
        form = RunForm(request.user, initial=answers)
        return run_form(request, form, RunForm(request.user, {"horizontal_flip": True, **form_data(form, answers)}))
    form = RunForm(request.user, request.POST)
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            run = start_run(
                cleaned["version"],
                cleaned["settings"],
                user=request.user,
                name=cleaned["name"],
                base=cleaned["start"],
                host=cleaned["host"],
            )
        except UserError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"“{run.name}” is waiting for a worker.")
            return redirect(run)
    return run_form(request, form, form, status=422)


def first_answers(request: SignedInRequest) -> dict[str, Any]:
    """Where the form begins: the run to do again, else the version and start named in the address."""
    again = request.GET.get("again", "")
    run = Run.objects.visible_to(request.user).filter(pk=again).first() if again.isdecimal() else None
    if run:
        try:
            start_like(run)
        except UserError as error:
            messages.warning(request, error.message)
        return answers_like(run)
    return {key: request.GET[key] for key in ("version", "base", "architecture") if request.GET.get(key)}


def form_data(form: RunForm, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as if they had been sent, with the newest version where none is named."""
    newest = form.fields["version"].queryset.first()  # type: ignore[attr-defined]
    return {"version": newest.pk if newest else "", **answers}


def run_form(request: SignedInRequest, form: RunForm, checked: RunForm, status: int = 200, **more: Any) -> HttpResponse:
    """The page of the form; `checked` is the one whose answers are planned, `more` what else the page is to know."""
    context = {
        "form": form,
        "effective": form.effective,
        "plan": checked.plan(),
        "has_versions": form.fields["version"].queryset.exists(),  # type: ignore[attr-defined]
        "backbone_form": BackboneForm() if may_use_backbones(request.user) else None,
        **more,
    }
    return TemplateResponse(request, "training/run_form.html", context, status=status)


@require_safe
def run_check(request: SignedInRequest) -> HttpResponse:
    """The estimate and the preflight list for the answers so far (a fragment of the form)."""
    form = RunForm(request.user, request.GET)
    return render(request, "training/_run_check.html", {"plan": form.plan(), "form": form})


@require_POST
def backbone_create(request: SignedInRequest) -> HttpResponse:
    form = BackboneForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise UserError("no_file", "No file arrived. Choose a file and send it again.")
        name = save_backbone(form.cleaned_data["backbone"], request.user)
    except UserError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{name} is kept. Choose it under “Start from”.")
    return go_to(request, "training:run-create")
