"""Taking labels out, and getting back files as they came."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import dataset_for, image_for
from datasets.forms import ExportForm
from datasets.jobs import export_folder, submit_export
from datasets.models import Dataset, Image, KeptFile, SourceAnnotation
from datasets.review.blind import answer_of
from datasets.review.measured import hand_over_all_labels, has_checks_to_come, labels_here
from sw_site.jobs.models import Job, JobState
from sw_site.lib.errors import UserError
from sw_site.lib.serving import stored_file


@require_http_methods(["GET", "POST"])
def export_create(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    form = ExportForm(dataset, request.POST or None)
    if request.method == "POST" and form.is_valid():
        pictures, user = form.cleaned_data["pictures"], request.user
        if refused := _refused(request, dataset):
            return refused
        job = submit_export(
            dataset,
            form.cleaned_data["format"],
            form.number,
            pictures == "images",
            pictures == "originals",
            user,  # type: ignore[arg-type]
        )
        return redirect(job)
    jobs = Job.objects.filter(kind="dataset_export", subject_url=dataset.get_absolute_url()).defer("log")[:8]
    to_come = has_checks_to_come(request.user, dataset)
    context = {
        "dataset": dataset,
        "tab": "export",
        "form": form,
        "jobs": jobs,
        "labelled": labelled_count(dataset),
        "would_excuse": to_come and not labels_here(request.user, dataset),
    }
    return TemplateResponse(request, "datasets/export_form.html", context)


def labelled_count(dataset: Any) -> int:
    return int(dataset.images.answered().count())


@require_safe
def export_download(request: HttpRequest, slug: str, pk: int) -> FileResponse | HttpResponse:
    dataset = dataset_for(request, slug)
    if refused := _refused(request, dataset):
        return refused
    job = get_object_or_404(Job, kind="dataset_export", state=JobState.SUCCEEDED, pk=pk, payload__dataset_id=dataset.pk)
    name = str((job.result or {}).get("output", ""))
    try:
        return FileResponse((export_folder(job.pk) / name).open("rb"), as_attachment=True, filename=name)
    except OSError as error:
        raise Http404("This export is gone. Start it again.") from error


@require_safe
def image_sources(request: HttpRequest, pk: int) -> HttpResponse:
    """The image file as it came, and every annotation file that spoke of it."""
    image = image_for(request, pk)
    sources = labels_of_files(image, request.user)
    context = {"image": image, "dataset": image.dataset, "sources": sources, "origins": image.origins.all()}
    return TemplateResponse(request, "datasets/image_sources.html", context)


def labels_of_files(image: Image, user: Any) -> QuerySet[SourceAnnotation]:
    """The annotation files of an image, where the person may see its labels."""
    return image.sources.none() if answer_of(image, user) else image.sources.defer("content").order_by("pk")


@require_safe
def image_original(request: HttpRequest, pk: int) -> FileResponse | HttpResponse:
    image = image_for(request, pk)
    return _download(image.original, image.file_name)


@require_safe
def source_file(request: HttpRequest, pk: int, source: int) -> FileResponse:
    """An annotation file, byte for byte; of a file about many images the part about this one."""
    found = get_object_or_404(labels_of_files(image_for(request, pk), request.user), pk=source)
    return FileResponse(
        iter([bytes(found.content)]), as_attachment=True, filename=found.file_name.rpartition("/")[2] or "annotation"
    )


@require_safe
def kept_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    context = {"dataset": dataset, "tab": "import", "files": dataset.kept_files.all()[:2000]}
    return TemplateResponse(request, "datasets/kept_list.html", context)


@require_safe
def kept_file(request: HttpRequest, slug: str, pk: int) -> FileResponse | HttpResponse:
    dataset = dataset_for(request, slug)
    if refused := _refused(request, dataset):
        return refused
    found = get_object_or_404(KeptFile, pk=pk, dataset=dataset)
    return _download(found.file, found.file_name.rpartition("/")[2])


def _refused(request: HttpRequest, dataset: Dataset) -> HttpResponse | None:
    """Back to the page of exports with the reason, for people who may not have all labels."""
    try:
        hand_over_all_labels(request.user, dataset)
    except UserError as error:
        messages.error(request, error.message)
        return redirect("datasets:export-create", dataset.slug)
    return None


def _download(name: str, shown: str) -> HttpResponse | FileResponse:
    return stored_file(name, shown)
