"""Pages of detection batches, and the list that opens the place."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from detections.display import batch_photos
from detections.documents import batch_document
from detections.forms import BatchForm
from detections.models import DetectionBatch, DetectionImage, Evaluation
from detections.views.status import status_response

ROWS_PER_PAGE = 50
PHOTOS_PER_PAGE = 24


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """Evaluations and batches, one tab each."""
    evaluations = Evaluation.objects.visible_to(request.user)
    batches = DetectionBatch.objects.visible_to(request.user)
    show = "batches" if request.GET.get("show") == "batches" else "evaluations"
    if show == "batches":
        rows = batches.select_related("model", "version__dataset", "job", "created_by").annotate(
            image_count=Count("images")
        )
    else:
        rows = evaluations.select_related("model", "version__dataset", "job", "created_by")
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
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"model": request.GET.get("model"), "version": request.GET.get("version")},
    )
    if request.method == "POST" and form.is_valid() and (batch := form.start()):
        messages.info(request, "Detection is waiting for a worker; this page fills when it is done.")
        return redirect(batch)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/batch_form.html", {"form": form}, status=status)


@require_safe
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_batch(request, pk)
    images = DetectionImage.objects.filter(batch=batch).prefetch_related("detections")
    page = Paginator(images, PHOTOS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"batch": batch, "job": batch.job, "page": page, "photos": batch_photos(batch, page.object_list)}
    return TemplateResponse(request, "detections/batch_detail.html", context)


@require_safe
def batch_status(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_batch(request, pk)
    return status_response(request, batch)


@require_safe
def batch_download(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_batch(request, pk)
    response = JsonResponse(batch_document(batch), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="detections-{batch.pk}.json"'
    return response


def get_batch(request: HttpRequest, pk: int) -> DetectionBatch:
    rows = DetectionBatch.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("model__run__version__dataset", "version__dataset", "job"), pk=pk)
