"""The desk at a glance."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.access import dataset_for
from training.dashboard import dashboard, figures_over_time, work_at_hand
from training.http import SignedInRequest


@require_safe
def desk(request: SignedInRequest) -> HttpResponse:
    if request.GET.get("part") == "work":
        return TemplateResponse(request, "training/_desk_work.html", work_at_hand(request.user))
    return TemplateResponse(request, "training/desk.html", dashboard(request.user))


@require_safe
def desk_series(request: SignedInRequest, slug: str) -> JsonResponse:
    dataset = dataset_for(request, slug)
    return JsonResponse(figures_over_time(dataset, request.user))
