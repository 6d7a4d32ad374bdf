"""The health of a dataset: figures, drawings, and advice."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.access import dataset_for
from datasets.browsing.filters import whole
from datasets.browsing.tiles import load_tiles
from datasets.health.charts import bars, class_bars, heat
from datasets.health.detectors import DEFAULT, DETECTORS
from datasets.health.report import health_report
from sw_site.lib.errors import UserError


@require_safe
def dataset_health(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    detector = request.GET.get("detector", DEFAULT)
    try:
        report = health_report(dataset, detector, whole(request.GET.get("size", "")))
    except UserError as error:
        messages.error(request, error.message)
        report = health_report(dataset)
    leaks = (report["leaks"] or {}).get("examples", [])
    tiles = {image.pk: image for image in load_tiles([each["id"] for group in leaks for each in group], request.user)}
    context = {
        "dataset": dataset,
        "tab": "health",
        "report": report,
        "advice": report["advice"],
        "detectors": [(name, kind.title) for name, kind in DETECTORS.items()],
        "classes": class_bars(report["classes"]),
        "per_image": bars(report["boxes_per_image"]),
        "sizes": bars(report["sizes"], " px"),
        "aspects": bars(report["aspects"], " : 1"),
        "heat": heat(report["positions"]),
        "leaks": [[(tiles[e["id"]], e["split"]) for e in group if e["id"] in tiles] for group in leaks],
    }
    return TemplateResponse(request, "datasets/dataset_health.html", context)
