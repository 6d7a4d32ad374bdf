"""Pages of detection batches, and the list that opens the place."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from detections.access import batch_for, batches_for, evaluations_for, who
from detections.display import batch_photos
from detections.documents import batch_response
from detections.forms import BatchForm
from detections.found import FORMATS
from detections.models import DetectionBatch, DetectionImage
from detections.prelabel import Wish
from detections.prelabel_actions import start_sending
from detections.target_forms import SendForm
from detections.views.status import status_response
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError

ROWS_PER_PAGE = 50
PHOTOS_PER_PAGE = 24
#: What an address may fill in.
START_WITH = ("model", "version", "source", "dataset", "query")


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
        initial={name: value for name in START_WITH if (value := request.GET.get(name))},
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
    context = {
        "batch": batch,
        "job": batch.job,
        "page": page,
        "photos": batch_photos(batch, list(page.object_list), who(request)),
        "formats": [(kind, kind.upper()) for kind in FORMATS],
    }
    return TemplateResponse(request, "detections/batch_detail.html", context)


@require_safe
def batch_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, batch_for(request, pk))


@require_safe
def batch_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    batch = batch_for(request, pk)
    try:
        threshold = min(1.0, max(0.0, float(request.GET.get("threshold", "0"))))
        return batch_response(batch, request.GET.get("format", "json"), threshold)
    except ValueError:
        messages.error(request, "The threshold is a score from 0 to 1.")
    except UserError as error:
        messages.error(request, error.message)
    return redirect(batch)


@require_http_methods(["GET", "HEAD", "POST"])
def batch_send(request: HttpRequest, pk: int) -> HttpResponse:
    """What a batch found, to a dataset as proposals."""
    batch = batch_for(request, pk)
    likely = batch.dataset or (batch.version or batch.model.run.version).dataset
    initial = {"dataset": likely, "threshold": request.GET.get("threshold", "0.5")}
    form = SendForm(request.POST if request.method == "POST" else None, user=who(request), initial=initial)
    if request.method == "POST" and form.is_valid() and (job := start_send(form, batch)):
        messages.info(request, f"{job.title}: this runs in the background.")
        return redirect(form.cleaned_data["dataset"])
    context = {"batch": batch, "form": form, "images": batch.images.count()}
    return TemplateResponse(request, "detections/batch_send.html", context, status=422 if form.errors else 200)


def start_send(form: SendForm, batch: DetectionBatch) -> Job | None:
    """The queued job; None when it was refused, with the reason among the form's errors."""
    data = form.cleaned_data
    wish = Wish(threshold=data["threshold"], also_labelled=data["also_labelled"])
    try:
        return start_sending(batch, data["dataset"], wish, form.answers(batch.model, data["dataset"]), form.user)
    except UserError as error:
        form.refuse(error, batch.model, data["dataset"])
        return None
