"""Two evaluations side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.review.hidden import hidden_images
from detections.access import evaluation_for, evaluations_for, who
from detections.comparison import Comparison, comparable
from detections.tiles import Drawer
from detections.views.evaluations import TILES_PER_PAGE
from sw_site.lib.errors import UserError


@require_safe
def evaluation_compare(request: HttpRequest) -> HttpResponse:
    """`a` and `b` are evaluations; without `b` it is asked for."""
    first = evaluation_for(request, read_number(request.GET.get("a", "")))
    context: dict[str, Any] = {"first": first, "choices": comparable(evaluations_for(request), first)}
    if request.GET.get("b"):
        second = evaluation_for(request, read_number(request.GET["b"]))
        context["second"] = second
        try:
            hidden = hidden_images(who(request), first.version.dataset).ids
            context |= side_by_side(Comparison.from_query(first, second, request.GET, hidden), request)
        except UserError as error:
            context["problem"] = error.message
    return TemplateResponse(request, "detections/evaluation_compare.html", context)


def side_by_side(comparison: Comparison, request: HttpRequest) -> dict[str, Any]:
    entries = comparison.entries()
    page = Paginator(entries, TILES_PER_PAGE).get_page(request.GET.get("page"))
    here = np.asarray(page.object_list)
    drawer = Drawer(comparison.first, comparison.first.image_of(here).tolist())
    return {
        "comparison": comparison,
        "filter": comparison.first.filter,
        "classes": comparison.first.evaluation.class_names.items(),
        "page": page,
        "tiles": [drawer.tile(entry) for entry in here.tolist()],
        "total": len(entries),
    }


def read_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise Http404("Name the evaluation by its number.")
    return int(text)
