"""Bringing images in from a folder on the server, from a list of addresses, and from videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.sources.download import Limits
from datasets.sources.forms import FolderForm, UrlForm, VideoForm
from datasets.sources.jobs import folder_job, folder_preview_job, sweep_videos, url_job, video_job
from datasets.sources.roots import Listing, allowed_path, allowed_video, import_roots, list_folder
from datasets.views.transfer import keep_uploads
from sw_site.jobs.queue import enqueue
from sw_site.lib.errors import UserError


@require_http_methods(["GET", "POST"])
def folder_import(request: HttpRequest, slug: str) -> HttpResponse:
    """Administrators walk through the folders below the import roots, and choose one."""
    dataset, user = dataset_for(request, slug), _administrator(request)
    form = FolderForm(request.POST or None, request.FILES or None, initial={"path": request.GET.get("at", "")})
    if form.is_bound and form.is_valid():
        try:
            path = allowed_path(form.cleaned_data["path"])
        except UserError as error:
            messages.error(request, error.message)
            return redirect("datasets:folder-import", slug)
        make = folder_preview_job if "preview" in request.POST else folder_job
        job = make(dataset, path, form.options(), user)
        enqueue(job)
        return redirect("datasets:import-preview", slug, job.pk) if "preview" in request.POST else redirect(job)
    context = {"dataset": dataset, "tab": "import", "form": form, "roots": import_roots()}
    context["set"] = settings.IMPORT_ROOTS
    try:
        context["here"] = _listing(request.POST.get("path") or request.GET.get("at", ""))
    except UserError as error:
        messages.error(request, error.message)
        return redirect("datasets:folder-import", slug)
    return TemplateResponse(request, "datasets/source_folder.html", context)


def _administrator(request: HttpRequest) -> Any:
    if not request.user.is_staff:
        raise PermissionDenied
    return request.user


def _listing(text: str) -> Listing | None:
    """What lies in the folder asked for, or in the only root; a zip is its own listing."""
    roots = import_roots()
    if not text and len(roots) != 1:
        return None
    path = allowed_path(text) if text else roots[0]
    try:
        return list_folder(path) if path.is_dir() else Listing(path)
    except OSError as error:
        raise UserError("not_readable", f"{path} could not be read ({error.strerror}).", 403) from error


@require_http_methods(["GET", "POST"])
def url_import(request: HttpRequest, slug: str) -> HttpResponse:
    dataset, user = dataset_for(request, slug), request.user
    form = UrlForm(request.POST, request.FILES) if request.method == "POST" else UrlForm()
    if settings.URL_IMPORT and form.is_bound and form.is_valid():
        job = url_job(dataset, form.cleaned_data["text"], user)  # type: ignore[arg-type]
        enqueue(job)
        return redirect(job)
    context = {"dataset": dataset, "tab": "import", "form": form, "on": settings.URL_IMPORT, "limits": Limits()}
    return TemplateResponse(request, "datasets/source_urls.html", context)


@require_http_methods(["GET", "POST"])
def video_import(request: HttpRequest, slug: str) -> HttpResponse:
    """Frames of videos that are sent along or, for administrators, of one below the import roots (`?path=`)."""
    dataset, user = dataset_for(request, slug), request.user
    text = request.GET.get("path", "")
    try:
        there = allowed_video(text) if text and _administrator(request) else None
    except UserError as error:
        messages.error(request, error.message)
        return redirect("datasets:video-import", slug)
    bound = (request.POST, request.FILES) if request.method == "POST" else ()
    form = VideoForm(*bound, of_server=there is not None)
    if form.is_bound and form.is_valid():
        sweep_videos()
        folder = None if there else keep_uploads(form.cleaned_data["files"])
        videos = [there] if there else files_below(folder)
        kept_in = str(folder or "")
        job = video_job(dataset, videos, form.choice(), user, kept_in, confined=folder is None)  # type: ignore[arg-type]
        enqueue(job)
        return redirect(job)
    context = {"dataset": dataset, "tab": "import", "form": form, "there": there}
    context |= {
        "endpoint": reverse("api-1:tus_create", args=[slug]),
        "start": reverse("api-1:import_video", args=[slug]),
    }
    return TemplateResponse(request, "datasets/source_video.html", context)


def files_below(folder: Path | None) -> list[Path]:
    """Every file that was kept of one form."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
