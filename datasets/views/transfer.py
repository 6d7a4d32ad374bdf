"""Bringing images in: send files, look at what an import would do, confirm it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.formats.defects import grouped
from datasets.formats.detect import FORMATS
from datasets.formats.records import Problem
from datasets.forms import ImportForm
from datasets.importing.importer import EXISTING, ImportOptions
from datasets.jobs import import_job, preview_job, remove_upload
from datasets.models import Dataset
from datasets.sources.jobs import folder_job, folder_preview_job, is_of_server
from datasets.upkeep import sweep_uploads
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import enqueue

OPTIONS = ("mapping", "label_map", "format", "existing", "one_based", "stored_frame")


@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        sweep_uploads()
        folder = keep_uploads(form.cleaned_data["files"])
        if "preview" in request.POST:
            job = preview_job(dataset, folder, form.options(), user)
            enqueue(job)
            return redirect("datasets:import-preview", slug, job.pk)
        job = import_job(dataset, folder, form.options(), user, remove=True)
        enqueue(job)
        messages.info(request, "The upload is here. The import runs in the background; this page follows it.")
        return redirect(job)
    jobs = Job.objects.filter(kind="import", subject_url=dataset.get_absolute_url()).defer("log", "payload")[:5]
    context = {"dataset": dataset, "tab": "import", "form": form, "jobs": jobs, "formats": FORMATS.values()}
    return TemplateResponse(request, "datasets/import_form.html", context)


@require_http_methods(["GET", "POST"])
def import_preview(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What an import would do; names and choices can be changed here, then it is confirmed or thrown away."""
    dataset = dataset_for(request, slug)
    job = get_object_or_404(Job, kind="preview", pk=pk, payload__dataset_id=dataset.pk)
    if request.method == "POST":
        return _decide(request, dataset, job)
    result = job.result or {}
    problems = [Problem(**row) for row in result.get("problems", ())]
    context = {
        "dataset": dataset,
        "tab": "import",
        "job": job,
        "preview": result,
        "groups": grouped(problems),
        "names": enumerate(result.get("class_names", ())),
        "classes": dataset.classes.filter(retired=False),
        "existing": EXISTING.items(),
        "chosen": job.payload.get("existing"),
        "formats": FORMATS.items(),
        "gone": not Path(job.payload["path"]).exists(),
        "of_server": is_of_server(job),
    }
    template = "datasets/_import_preview.html" if request.headers.get("HX-Request") else "datasets/import_preview.html"
    return TemplateResponse(request, template, context)


def _decide(request: HttpRequest, dataset: Dataset, job: Job) -> HttpResponse:
    path, user = Path(job.payload["path"]), request.user
    of_server = is_of_server(job)
    if of_server and not request.user.is_staff:
        raise PermissionDenied
    if "discard" in request.POST:
        if of_server:
            return redirect("datasets:folder-import", dataset.slug)
        remove_upload(path)
        messages.info(request, "The upload was thrown away; nothing was imported.")
        return redirect("datasets:import-create", dataset.slug)
    if job.state != JobState.SUCCEEDED or not path.exists():
        messages.error(request, "The files of this preview are not here any more. Send them again.")
        return redirect("datasets:import-create", dataset.slug)
    options = ImportOptions(**{name: job.payload[name] for name in OPTIONS})
    wanted = request.POST.get("format", "")
    if "again" in request.POST and wanted in FORMATS:
        make = folder_preview_job if of_server else preview_job
        other = make(dataset, path, replace(options, format=wanted), user)  # type: ignore[arg-type]
        enqueue(other)
        return redirect("datasets:import-preview", dataset.slug, other.pk)
    existing = request.POST.get("existing", "")
    options = replace(
        options,
        mapping={**options.mapping, **_mapping(request, job)},
        existing=existing if existing in EXISTING else options.existing,
    )
    if of_server:
        work = folder_job(dataset, path, options, user)  # type: ignore[arg-type]
    else:
        work = import_job(dataset, path, options, user, remove=True)  # type: ignore[arg-type]
    enqueue(work)
    return redirect(work)


def _mapping(request: HttpRequest, job: Job) -> dict[str, str]:
    """The classes written beside the names of the preview, where they are others."""
    mapping = {}
    for number, row in enumerate((job.result or {}).get("class_names", ())):
        target = request.POST.get(f"class_{number}", "").strip()[:100]
        if target and target != row["name"]:
            mapping[row["name"]] = target
    return mapping


def keep_uploads(files: list[UploadedFile]) -> Path:
    """Copy uploaded files into a new folder of their own; equal names get a sub-folder each."""
    folder = Path(settings.UPLOADS_ROOT) / uuid.uuid4().hex
    for number, file in enumerate(files):
        name = PurePosixPath((file.name or "upload").replace("\\", "/")).name
        target = folder / name
        if target.exists():
            target = folder / str(number) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
    return folder
