"""The loop from fixed labels to a compared model, as one page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from detections.access import model_for, who
from detections.loop import go_on, loop_of
from sw_site.lib.errors import UserError


@require_http_methods(["GET", "HEAD", "POST"])
def model_loop(request: HttpRequest, pk: int) -> HttpResponse:
    """Where it stands; POST does the next step."""
    model = model_for(request, pk)
    try:
        if request.method == "POST":
            go_on(model, who(request))
            return redirect("detections:loop", pk)
    except UserError as error:
        messages.warning(request, error.message)
        return redirect("detections:loop", pk)
    loop = loop_of(model)
    active = loop.next == "wait"
    return TemplateResponse(request, "detections/loop.html", {"model": model, "loop": loop, "active": active})
