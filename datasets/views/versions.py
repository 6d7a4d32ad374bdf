"""Frozen versions."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import dataset_for, version_for
from datasets.forms import VersionForm
from datasets.models import DatasetVersion
from datasets.models.version import SPLITS
from datasets.review.hidden import hidden_images
from datasets.versions.freeze import freeze
from datasets.versions.manage import delete_version, rename_version
from datasets.versions.manifest import ManifestError
from datasets.views.version_files import frozen_photo, still_here
from sw_site.lib.errors import UserError


@require_safe
def version_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    versions = dataset.versions.select_related("dataset", "created_by")
    context = {"dataset": dataset, "tab": "versions", "versions": versions, "usable": dataset.images.usable().count()}
    return TemplateResponse(request, "datasets/version_list.html", context)


@require_http_methods(["GET", "POST"])
def version_create(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    form = VersionForm(request.POST) if request.method == "POST" else VersionForm()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            version = freeze(
                dataset,
                data["split"],
                data["seed"],
                request.user,  # type: ignore[arg-type]
                data["name"],
                data["shots_together"],
            )
        except UserError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Version {version.number} is frozen: {version.image_count:,} images.")
            return redirect(version)
    usable = dataset.images.usable()
    context = {
        "dataset": dataset,
        "tab": "versions",
        "form": form,
        "usable": usable.count(),
        "waiting": dataset.images.unlabelled().count(),
    }
    return TemplateResponse(request, "datasets/version_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def version_detail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    version = version_for(request, slug, number)
    if request.method == "POST":
        return version_change(request, version)
    split = request.GET.get("split", "train")
    split = split if split in SPLITS else "train"
    try:
        manifest = version.manifest()
    except ManifestError as error:
        messages.error(request, str(error))
        return redirect("datasets:version-list", slug)
    page = Paginator(manifest.split(split), 60).get_page(request.GET.get("page"))
    here, hidden = still_here(list(page)), hidden_images(request.user, version.dataset).digests
    context = {
        "dataset": version.dataset,
        "version": version,
        "tab": "versions",
        "has_others": version.dataset.versions.count() > 1,
        "split": split,
        "page_obj": page,
        "photos": [
            frozen_photo(version, image, manifest.classes, here, [] if image.sha256 in hidden else None)
            for image in page
        ],
        "table": class_table(version),
        "splits": [(name, version.counts[name]) for name in SPLITS],
    }
    return TemplateResponse(request, "datasets/version_detail.html", context)


def version_change(request: HttpRequest, version: DatasetVersion) -> HttpResponse:
    """The two things that can be done to a version: another name, or away with it."""
    if request.POST.get("action") != "delete":
        rename_version(version, request.POST.get("name", ""))
        messages.success(
            request, f"{version} is called “{version.name}”." if version.name else f"{version} has no name."
        )
        return redirect(version)
    try:
        delete_version(version)
    except UserError as error:
        messages.error(request, error.message)
        return redirect(version)
    messages.success(request, f"{version} is deleted. The photos and labels of the dataset stay.")
    return redirect("datasets:version-list", version.dataset.slug)


def class_table(version: DatasetVersion) -> list[tuple[str, list[int]]]:
    """Rows of class name and boxes per split."""
    names = version.counts["train"]["classes"]
    return [(name, [version.counts[split]["classes"][name] for split in SPLITS]) for name in names]
