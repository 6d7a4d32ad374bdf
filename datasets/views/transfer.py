"""Bringing images in."""

from __future__ import annotations

import uuid
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.forms import ImportForm
from datasets.importing.importer import ImportOptions
from datasets.jobs import import_job
from sw_site.jobs.models import Job
from sw_site.jobs.queue import enqueue


@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        folder = keep_uploads(data["files"])
        job = import_job(dataset, folder, ImportOptions(data["mapping"], data["label_map"]), request.user, remove=True)  # type: ignore[arg-type]
        enqueue(job)
        messages.info(request, "The upload is here. The import runs in the background; this page follows it.")
        return redirect(job)
    jobs = Job.objects.filter(kind="import", subject_url=dataset.get_absolute_url()).defer("log", "payload")[:5]
    context = {"dataset": dataset, "tab": "import", "form": form, "jobs": jobs}
    return TemplateResponse(request, "datasets/import_form.html", context)


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
