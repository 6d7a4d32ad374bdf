"""Try a model: pictures dropped on it, or a camera, answered at once and kept only on request; videos by a worker."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from datasets.colours import class_colour
from datasets.importing.matching import VIDEO_SUFFIXES
from detections.access import model_for, who
from detections.actions import start_upload_batch
from detections.inference import check_model
from sw_site.lib.errors import UserError

#: Boxes below this score are not asked for; the slider begins here.
LEAST_SCORE = 0.05


@require_http_methods(["GET", "HEAD", "POST"])
def try_it(request: HttpRequest, pk: int) -> HttpResponse:
    """A POST keeps the pictures as a batch, whose page sends them to a dataset."""
    model = model_for(request, pk)
    if request.method == "POST":
        try:
            batch = start_upload_batch(model, request.FILES.getlist("images"), who(request))
        except UserError as error:
            messages.error(request, error.message)
            return redirect("detections:try", pk)
        return redirect(batch)
    try:
        check_model(model)
        problem = ""
    except UserError as error:
        problem = error.message
    data = {
        "detect_url": reverse("api-1:detect", args=[pk]),
        "videos_url": reverse("api-1:create_video"),
        "videos": " ".join(sorted(VIDEO_SUFFIXES)),
        "model": pk,
        "threshold": LEAST_SCORE,
        "colours": {str(number): class_colour(number) for number in model.label_map},
    }
    context = {"model": model, "problem": problem, "try_data": data, "least_score": LEAST_SCORE}
    return TemplateResponse(request, "detections/try.html", context)
