"""Several runs side by side."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from sw_site.lib.errors import UserError
from training.http import SignedInRequest
from training.run_comparison import CURVES, chart_series, curves_of, differences, runs_to_compare


@require_safe
def run_compare(request: SignedInRequest) -> HttpResponse:
    try:
        runs = runs_to_compare(request.user, request.GET.getlist("run"))
    except UserError as error:
        messages.warning(request, error.message)
        return redirect("training:run-list")
    models = [run.model for run in runs if hasattr(run, "model")]
    context = {
        "runs": runs,
        "models": models,
        "model_query": urlencode([("model", model.pk) for model in models]),
        "run_query": urlencode([("run", run.pk) for run in runs]),
        "differences": differences(runs),
        "curves": CURVES,
        "series": json.dumps(chart_series(runs)),
    }
    return TemplateResponse(request, "training/run_compare.html", context)


@require_safe
def run_compare_series(request: SignedInRequest, name: str) -> JsonResponse:
    if name not in {curve[0] for curve in CURVES}:
        raise Http404("There is no such curve.")
    try:
        return JsonResponse(curves_of(runs_to_compare(request.user, request.GET.getlist("run")), name))
    except UserError as error:
        return JsonResponse(error.as_json(), status=error.status)
