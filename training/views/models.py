"""The registry of models, and taking models away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from datasets.models import Dataset
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from training.access import model_for, models_for
from training.actions import export_of, request_export
from training.archives import zip_of
from training.cards import model_card
from training.comparison import siblings, what_the_start_brought
from training.curating import USUAL_ALIASES
from training.finding import ModelFilter
from training.formats import possible_formats
from training.http import SignedInRequest
from training.lineage import ancestors
from training.models import ModelStage, Run, TrainedModel

PAGE_SIZE = 50


@require_safe
def model_list(request: SignedInRequest) -> HttpResponse:
    chosen = ModelFilter.from_query(request.GET)
    models = chosen.apply(models_for(request))
    page = Paginator(models, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "chosen": chosen,
        "datasets": Dataset.objects.visible_to(request.user).only("name", "slug"),
    }
    return TemplateResponse(request, "training/model_list.html", context)


@require_safe
def model_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    model = model_for(request, pk)
    rows = siblings(model, request.user)
    context = {
        "model": model,
        "siblings": rows,
        "start_sentence": what_the_start_brought(model, rows),
        "run": model.run,
        "classes": class_rows(model.run, list(model.label_map.values())),
        "formats": format_rows(model),
        "card": model_card(model),
        "history": model.history.select_related("user"),
        "usual_aliases": USUAL_ALIASES,
        "stages": ModelStage.choices,
        "ancestors": ancestors(model)[1:],
        "children": TrainedModel.objects.visible_to(request.user).filter(run__base_model=model),
    }
    return TemplateResponse(request, "training/model_detail.html", context)


def format_rows(model: TrainedModel) -> list[dict[str, Any]]:
    """Each of the six formats with its export if there is one, the job that is making it, or why it cannot be had."""
    jobs = Job.objects.filter(kind="export", payload__model_id=model.pk).defer("log").order_by("pk")
    latest = {job.payload["format"]: job for job in jobs}
    exports = {export.format: export for export in model.exports.all() if export.is_there}
    architecture = model.run.config.get("model", {}).get("architecture", "")
    return [
        {
            "value": one.value,
            "label": one.label,
            "reason": one.reason,
            "export": exports.get(one.value),
            "job": None if one.value in exports else latest.get(one.value),
        }
        for one in possible_formats(architecture)
    ]


def class_rows(run: Run, names: Iterable[str]) -> list[dict[str, Any]]:
    """Per class: boxes on val, and AP and AP50 at the run's best step (None where nothing was measured)."""
    counts = run.version.counts["val"]["classes"]
    unmeasured = {"ap": None, "ap50": None}
    return [{"name": n, "boxes": counts.get(n, 0), **unmeasured, **run.best_per_class.get(n, {})} for n in names]


@require_POST
def model_export(request: SignedInRequest, pk: int) -> HttpResponse:
    model = model_for(request, pk)
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
    model = model_for(request, pk)
    export = export_of(model, format)
    if export is None:
        raise Http404("This model is not exported in that format.")
    archive, name = zip_of(export)
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
