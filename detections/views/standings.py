"""Several models on the same test images, as a fragment of the page that compares their runs, or as JSON."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from detections.access import evaluations_for, who
from detections.standings import MOST_MODELS, class_table, common_evaluations, document, standings
from training.models import TrainedModel


@require_safe
def model_standings(request: HttpRequest) -> HttpResponse:
    """`model` is given once for each; the first is the one the others are held against."""
    numbers = [int(text) for text in request.GET.getlist("model") if text.isascii() and text.isdecimal()]
    found = TrainedModel.objects.visible_to(who(request)).in_bulk(numbers[:MOST_MODELS])
    models = [found[number] for number in dict.fromkeys(numbers) if number in found]
    evaluations = common_evaluations(evaluations_for(request), models) if len(models) > 1 else []
    if request.GET.get("format") == "json":
        return JsonResponse(document(evaluations) if evaluations else {"models": []})
    context = {
        "models": models,
        "evaluations": evaluations,
        "standings": standings(evaluations) if evaluations else [],
        "classes": class_table(evaluations) if evaluations else [],
    }
    return render(request, "detections/_standings.html", context)
