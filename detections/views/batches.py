"""Pages of detection batches, and the list that opens the place."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from detections.access import batch_for, batches_for, evaluations_for, who
from detections.display import batch_photos
from detections.documents import batch_document
from detections.forms import BatchForm
from detections.models import DetectionImage
from detections.views.status import status_response

ROWS_PER_PAGE = 50
PHOTOS_PER_PAGE = 24


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """Evaluations and batches, one tab each."""
    evaluations, batches = evaluations_for(request), batches_for(request)
    show = "batches" if request.GET.get("show") == "batches" else "evaluations"
    counted = batches.annotate(image_count=Count("images")).order_by("-pk")
    rows: QuerySet[Any] = counted if show == "batches" else evaluations
    context = {
        "show": show,
        "page": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "evaluation_count": evaluations.count(),
        "batch_count": batches.count(),
    }
    return TemplateResponse(request, "detections/batch_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request: HttpRequest) -> HttpResponse:
    form = BatchForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        user=who(request),
        initial={"model": request.GET.get("model"), "version": request.GET.get("version")},
    )
    if request.method == "POST" and form.is_valid() and (batch := form.start()):
        messages.info(request, "Detection is waiting for a worker; this page fills when it is done.")
        return redirect(batch)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/batch_form.html", {"form": form}, status=status)


@require_safe
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    batch = batch_for(request, pk)
    images = DetectionImage.objects.filter(batch=batch).prefetch_related("detections")
    page = Paginator(images, PHOTOS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"batch": batch, "job": batch.job, "page": page, "photos": batch_photos(batch, list(page.object_list))}
    return TemplateResponse(request, "detections/batch_detail.html", context)


@require_safe
def batch_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, batch_for(request, pk))


@require_safe
def batch_download(request: HttpRequest, pk: int) -> HttpResponse:
    batch = batch_for(request, pk)
    response = JsonResponse(batch_document(batch), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="detections-{batch.pk}.json"'
    return response
