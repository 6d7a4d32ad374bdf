"""The whole pipeline.config in the form of a run: shown, edited, compared with what the site would write."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from sw_site.lib.errors import UserError
from training.forms import CONFIG_FIELDS, RunForm
from training.http import SignedInRequest
from training.overriding import effective
from training.views.runs import run_form


@require_POST
def config_edit(request: SignedInRequest) -> HttpResponse:
    """The part of the form with the text; with `reset` as if nothing had been changed in it.

    A browser without scripts gets the whole page of the form, with the answers it sent.
    """
    answers = request.POST.copy()
    if "reset" in answers:
        for name in CONFIG_FIELDS:
            answers.pop(name, None)
    form = RunForm(request.user, answers)
    found = form.cleaned_data.get("effective") if form.is_valid() else None
    if form.is_valid() and found is None:
        cleaned = form.cleaned_data
        try:
            found = effective(cleaned["version"], cleaned["settings"], cleaned["start"])
        except UserError as error:
            form.add_error("config_text", error.message)
    if not request.htmx:  # type: ignore[attr-defined]
        return run_form(request, form, form, status=200 if found else 422, effective=found, asked=True)
    return render(request, "training/_config_editor.html", {"form": form, "effective": found, "asked": True})
