"""Pages of evaluations."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from detections.access import evaluation_for, who
from detections.display import judged_photos
from detections.documents import evaluation_document
from detections.forms import EvaluationForm
from detections.gallery import Gallery
from detections.views.status import status_response

PHOTOS_PER_PAGE = 24


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_create(request: HttpRequest) -> HttpResponse:
    form = EvaluationForm(
        request.POST if request.method == "POST" else None,
        user=who(request),
        initial={"model": request.GET.get("model"), "version": request.GET.get("version")},
    )
    if request.method == "POST" and form.is_valid() and (evaluation := form.start()):
        messages.info(request, "The evaluation is waiting for a worker; this page fills when it is done.")
        return redirect(evaluation)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/evaluation_form.html", {"form": form}, status=status)


@require_safe
def evaluation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation = evaluation_for(request, pk)
    gallery = Gallery.from_query(evaluation, request.GET)
    page = Paginator(gallery.rows(), PHOTOS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "evaluation": evaluation,
        "job": evaluation.job,
        "figures": evaluation.figures,
        "gallery": gallery,
        "page": page,
        "photos": judged_photos(evaluation, list(page.object_list), gallery.threshold),
    }
    return TemplateResponse(request, "detections/evaluation_detail.html", context)


@require_safe
def evaluation_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, evaluation_for(request, pk))


@require_safe
def evaluation_download(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation = evaluation_for(request, pk)
    response = JsonResponse(evaluation_document(evaluation), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="evaluation-{evaluation.pk}.json"'
    return response
