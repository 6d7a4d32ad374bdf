"""Buttons of a run's page: each calls one function of training.control and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sw_site.lib.errors import UserError
from training import control
from training.access import run_for
from training.http import SignedInRequest
from training.models import Run


@require_POST
def run_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    return act(request, pk, control.cancel_run, "was asked to stop; what it has learnt is kept.")


@require_POST
def run_finish(request: SignedInRequest, pk: int) -> HttpResponse:
    return act(request, pk, control.stop_and_keep, "measures and exports what it has learnt, and ends.")


@require_POST
def run_pause(request: SignedInRequest, pk: int) -> HttpResponse:
    return act(request, pk, control.pause_run, "saves a checkpoint and pauses.")


@require_POST
def run_resume(request: SignedInRequest, pk: int) -> HttpResponse:
    return act(request, pk, control.resume_run, "is waiting for a worker again and goes on from its last checkpoint.")


@require_POST
def run_mend(request: SignedInRequest, pk: int) -> HttpResponse:
    def mend(run: Run, user: Any) -> Run:
        return control.mend_run(run, user=user)

    return act(request, pk, mend, "is waiting for a worker.")


@require_POST
def run_extend(request: SignedInRequest, pk: int) -> HttpResponse:
    text = request.POST.get("steps", "").strip()

    def extend(run: Run, user: Any) -> Run:
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise UserError("bad_setting", f"“{text[:20]}” is not a number of steps. Give a whole number.", 422)
        return control.extend_run(run, int(text), user=user)

    return act(request, pk, extend, "is waiting for a worker and goes on from there.")


@require_POST
def run_priority(request: SignedInRequest, pk: int) -> HttpResponse:
    word = request.POST.get("priority", "")
    return act(request, pk, lambda run, user: control.set_priority(run, word, user), "has its new place in the queue.")


@require_POST
def run_host(request: SignedInRequest, pk: int) -> HttpResponse:
    host = request.POST.get("host", "")
    words = f"waits for the machine {host}." if host else "is trained by any machine."
    return act(request, pk, lambda run, user: control.set_host(run, host, user), words)


@require_POST
def run_pin(request: SignedInRequest, pk: int) -> HttpResponse:
    pinned = request.POST.get("pinned") == "1"
    words = "keeps all its files." if pinned else "may lose its working files when room is needed."
    return act(request, pk, lambda run, user: control.set_pinned(run, pinned, user), words)


def act(request: SignedInRequest, pk: int, action: Callable[[Run, Any], Run], words: str) -> HttpResponse:
    run = run_for(request, pk)
    try:
        run = action(run, request.user)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.info(request, f"“{run.name}” {words}")
    return redirect("training:desk" if request.POST.get("next_page") == "desk" else run)
