"""Aliases, tags, stage and note of a model; its card; and what came of a photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from datasets.access import image_for
from sw_site.lib.errors import UserError
from training import curating
from training.access import model_for
from training.box_lineage import boxes_uses_of
from training.cards import as_markdown, model_card
from training.http import SignedInRequest
from training.lineage import uses_of
from training.models import TrainedModel


@require_POST
def model_alias(request: SignedInRequest, pk: int) -> HttpResponse:
    """Moves an alias here, or takes one away (`drop`)."""
    dropped = request.POST.get("drop", "")
    if dropped:
        return act(
            request, pk, lambda model: curating.drop_alias(model, dropped, request.user), f"is not {dropped} now."
        )
    name = request.POST.get("name", "")
    return act(request, pk, lambda model: curating.move_alias(model, name, request.user), f"is {name.strip()} now.")


@require_POST
def model_describe(request: SignedInRequest, pk: int) -> HttpResponse:
    def describe(model: TrainedModel) -> None:
        curating.set_stage(model, request.POST.get("stage", model.stage), request.user)
        curating.set_tags(model, request.POST.get("tags", "").split(","), request.user)
        curating.set_note(model, request.POST.get("note", ""), request.user)

    return act(request, pk, describe, "is described as you said.")


def act(request: SignedInRequest, pk: int, action: Callable[[TrainedModel], Any], words: str) -> HttpResponse:
    model = model_for(request, pk)
    try:
        action(model)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.info(request, f"“{model.name}” {words}")
    return redirect(model)


@require_safe
def model_card_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """The card as Markdown, or as JSON with `?format=json`."""
    model = model_for(request, pk)
    card = model_card(model)
    name = slugify(model.name) or f"model-{model.pk}"
    if request.GET.get("format") == "json":
        return JsonResponse(card)
    response = HttpResponse(as_markdown(card), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-card.md"'
    return response


@require_safe
def image_uses(request: SignedInRequest, pk: int) -> HttpResponse:
    """A fragment: the versions that hold a photo, and the models that learnt from them."""
    image = image_for(request, pk)
    uses = uses_of(image, request.user)
    context = {"uses": uses, "boxes": boxes_uses_of(image, request.user, uses)}
    return render(request, "training/_image_uses.html", context)
