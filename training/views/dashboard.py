"""The desk at a glance."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.models import Dataset
from training.dashboard import dashboard, figures_over_time
from training.http import SignedInRequest


@require_safe
def desk(request: SignedInRequest) -> HttpResponse:
    template = "training/_desk_work.html" if request.GET.get("part") == "work" else "training/desk.html"
    return TemplateResponse(request, template, dashboard(request.user))


@require_safe
def desk_series(request: SignedInRequest, slug: str) -> JsonResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), slug=slug)
    return JsonResponse(figures_over_time(dataset, request.user))
