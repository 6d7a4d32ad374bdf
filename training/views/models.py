"""The registry of models, and taking models away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from training.actions import export_of, request_export
from training.archives import zip_of
from training.comparison import siblings, what_the_start_brought
from training.http import SignedInRequest
from training.models import Export, Run, TrainedModel

PAGE_SIZE = 50


def visible_model(request: SignedInRequest, pk: int) -> TrainedModel:
    models = TrainedModel.objects.visible_to(request.user).for_list()
    return get_object_or_404(models.select_related("run__base_model", "run__job"), pk=pk)


@require_safe
def model_list(request: SignedInRequest) -> HttpResponse:
    models = TrainedModel.objects.visible_to(request.user).for_list()
    page = Paginator(models, PAGE_SIZE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "training/model_list.html", {"page": page})


@require_safe
def model_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    model = visible_model(request, pk)
    rows = siblings(model, request.user)
    context = {
        "model": model,
        "siblings": rows,
        "start_sentence": what_the_start_brought(model, rows),
        "run": model.run,
        "classes": class_rows(model.run, list(model.label_map.values())),
        "formats": format_rows(model),
        "children": TrainedModel.objects.visible_to(request.user).filter(run__base_model=model),
    }
    return TemplateResponse(request, "training/model_detail.html", context)


def format_rows(model: TrainedModel) -> list[dict[str, Any]]:
    """Each format with its export if there is one, or the job that is making it."""
    jobs = Job.objects.filter(kind="export", payload__model_id=model.pk).defer("log").order_by("pk")
    latest = {job.payload["format"]: job for job in jobs}
    rows = []
    for kind in model.export_formats:
        export: Export | None = export_of(model, kind)
        job = None if export else latest.get(kind)
        rows.append({"value": kind.value, "label": kind.label, "export": export, "job": job})
    return rows


def class_rows(run: Run, names: Iterable[str]) -> list[dict[str, Any]]:
    """Per class: boxes on val, and AP and AP50 at the run's best step (None where nothing was measured)."""
    counts = run.version.counts["val"]["classes"]
    unmeasured = {"ap": None, "ap50": None}
    return [{"name": n, "boxes": counts.get(n, 0), **unmeasured, **run.best_per_class.get(n, {})} for n in names]


@require_POST
def model_export(request: SignedInRequest, pk: int) -> HttpResponse:
    model = visible_model(request, pk)
    try:
        job = request_export(model, request.POST.get("format", ""), user=request.user)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.info(request, f"“{job.title}” is on its way.")
    return redirect(model)


@require_safe
def export_download(request: SignedInRequest, pk: int, format: str) -> FileResponse:
    """An export and its label map as a zip."""
    model = visible_model(request, pk)
    export = export_of(model, format)
    if export is None:
        raise Http404("This model is not exported in that format.")
    archive, name = zip_of(export)
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
