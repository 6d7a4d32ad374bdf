"""Pages of evaluations."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets.review.hidden import hidden_images
from detections.access import evaluation_for, evaluations_for, who
from detections.actions import measure_again
from detections.csv_files import CSV_FILES, csv_text
from detections.documents import evaluation_document
from detections.fixing import editor_url
from detections.forms import EvaluationForm
from detections.gallery import Gallery
from detections.gallery_filter import SORTS, VIEWS, Filter
from detections.instrument import (
    CHARTS,
    MATRIX_CLASSES,
    calibration_series,
    chart_series,
    class_rows,
    curves,
    matrix_rows,
    tide_rows,
)
from detections.models import Evaluation
from detections.tiles import Drawer
from detections.views.status import status_response
from sw_site.lib.errors import UserError

TILES_PER_PAGE = 24
IMAGES_PER_PAGE = 12


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_create(request: HttpRequest) -> HttpResponse:
    form = EvaluationForm(
        request.POST if request.method == "POST" else None,
        user=who(request),
        initial={name: value for name in ("model", "version", "split") if (value := request.GET.get(name))},
    )
    if request.method == "POST" and form.is_valid() and (evaluation := form.start()):
        messages.info(request, "The evaluation is waiting for a worker; this page fills when it is done.")
        return redirect(evaluation)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/evaluation_form.html", {"form": form}, status=status)


@never_cache  # one address answers with a page or with a part of it: the browser's Back must not mix them up
@require_safe
def evaluation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page, or for htmx what follows the sliders."""
    evaluation = evaluation_for(request, pk)
    context: dict[str, Any] = {
        "evaluation": evaluation,
        "job": evaluation.job,
        "figures": evaluation.figures,
        "problem": "",
    }
    if evaluation.figures:
        try:
            context |= instrument(seen_by(request, evaluation), request)
        except UserError as error:
            context["problem"] = error.message
    if request.htmx and "gallery" in context:  # type: ignore[attr-defined]
        return TemplateResponse(request, "detections/_instrument.html", context)
    if evaluation.figures:
        context["others"] = other_splits(request, evaluation)
    return TemplateResponse(request, "detections/evaluation_detail.html", context)


def seen_by(request: HttpRequest, evaluation: Evaluation) -> Gallery:
    """The gallery an address asks for, as the person may see it."""
    hidden = hidden_images(who(request), evaluation.version.dataset).ids
    return Gallery(evaluation, Filter.from_query(request.GET, evaluation), hidden)


def instrument(gallery: Gallery, request: HttpRequest) -> dict[str, Any]:
    entries = gallery.entries()
    crops = gallery.filter.view == "crops"
    shown = entries if crops else gallery.images(entries)
    page = Paginator(shown, TILES_PER_PAGE if crops else IMAGES_PER_PAGE).get_page(request.GET.get("page"))
    here = np.asarray(page.object_list)
    drawer = Drawer(gallery, gallery.image_of(here).tolist() if crops else here.tolist())
    names = gallery.evaluation.class_names
    return {
        "gallery": gallery,
        "filter": gallery.filter,
        "point": gallery.point(gallery.filter.class_id),
        "rows": list(class_rows(gallery)),
        "matrix": matrix_rows(gallery) if len(names) <= MATRIX_CLASSES else [],
        "matrix_names": [*names.values(), "background"],
        "tide": tide_rows(gallery),
        "class_name": names.get(gallery.filter.class_id or 0, ""),
        "sorts": SORTS.items(),
        "views": [(view, word, gallery.filter.query(view=view)) for view, word in VIEWS.items()],
        "whole_query": gallery.filter.query(true=None, said=None),
        "slider_query": gallery.filter.query(score=gallery.filter.slider, match="", sort="score"),
        "page_query": query + "&" if (query := gallery.filter.query()) != "?" else "?",
        "page": page,
        "total": len(shown),
        "tiles": [drawer.tile(entry) for entry in here.tolist()] if crops else [],
        "pairs": [] if crops else [drawer.pair(place) for place in here.tolist()],
        "chart_series": chart_series(gallery.evaluation),
        "calibration_series": calibration_series(),
    }


def other_splits(request: HttpRequest, evaluation: Evaluation) -> list[Evaluation]:
    """The newest evaluation of the same model on each split of the same version, this one in its place."""
    rows = evaluations_for(request).filter(
        model=evaluation.model_id, version=evaluation.version_id, labels=evaluation.labels
    )
    newest = {row.split: row for row in rows.exclude(figures={}).order_by("pk")} | {evaluation.split: evaluation}
    return [newest[split] for split in ("train", "val", "test") if split in newest]


def gallery_for(request: HttpRequest, pk: int) -> Gallery:
    """The gallery an address asks for; 404 with the reason when the evaluation has no boxes (yet)."""
    evaluation = evaluation_for(request, pk)
    gallery = seen_by(request, evaluation)
    try:
        len(gallery.table)
    except UserError as error:
        raise Http404(error.message) from error
    return gallery


@require_safe
def evaluation_curves(request: HttpRequest, pk: int, chart: str) -> HttpResponse:
    if chart not in CHARTS:
        raise Http404(f"There is no such chart. Choose one of {', '.join(CHARTS)}.")
    return JsonResponse(curves(gallery_for(request, pk), chart))


@require_safe
def evaluation_fix(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """To the label editor, on the box that an entry of the gallery stands for."""
    gallery = gallery_for(request, pk)
    try:
        url = editor_url(gallery, entry)
    except IndexError as error:
        raise Http404("This evaluation has no such box.") from error
    if url is None:
        messages.warning(request, "That image is no longer in the dataset, so its labels cannot be fixed.")
        return redirect(gallery.evaluation)
    return redirect(url)


@require_POST
def evaluation_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same predictions, beside the labels as they are now."""
    evaluation = evaluation_for(request, pk)
    try:
        again = measure_again(evaluation, who(request))
    except UserError as error:
        messages.error(request, error.message)
        return redirect(evaluation)
    messages.info(request, "The same predictions are compared with the labels as they are now.")
    return redirect(again)


@require_safe
def evaluation_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, evaluation_for(request, pk))


@require_safe
def evaluation_download(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation = evaluation_for(request, pk)
    try:
        document = evaluation_document(evaluation, hidden_images(who(request), evaluation.version.dataset).ids)
    except UserError as error:
        raise Http404(error.message) from error
    response = JsonResponse(document, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="evaluation-{evaluation.pk}.json"'
    return response


@require_safe
def evaluation_csv(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A table of the page as a file, at the score and IoU of the address."""
    if name not in CSV_FILES:
        raise Http404(f"There is no such table. Choose one of {', '.join(CSV_FILES)}.")
    response = HttpResponse(csv_text(gallery_for(request, pk), name), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="evaluation-{pk}-{name}.csv"'
    return response
