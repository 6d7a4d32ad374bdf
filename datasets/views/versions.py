"""Frozen versions."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import dataset_for, version_for
from datasets.colours import class_colour
from datasets.forms import VersionForm
from datasets.models import DatasetVersion, Image
from datasets.models.version import SPLITS
from datasets.versions.freeze import freeze
from datasets.versions.manifest import ManifestError, ManifestImage
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


@require_safe
def version_detail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    version = version_for(request, slug, number)
    split = request.GET.get("split", "train")
    split = split if split in SPLITS else "train"
    try:
        manifest = version.manifest()
    except ManifestError as error:
        messages.error(request, str(error))
        return redirect("datasets:version-list", slug)
    page = Paginator(manifest.split(split), 60).get_page(request.GET.get("page"))
    context = {
        "dataset": version.dataset,
        "version": version,
        "tab": "versions",
        "split": split,
        "page_obj": page,
        "photos": [frozen_photo(image, manifest.classes) for image in page],
        "table": class_table(version),
        "splits": [(name, version.counts[name]) for name in SPLITS],
    }
    return TemplateResponse(request, "datasets/version_detail.html", context)


def class_table(version: DatasetVersion) -> list[tuple[str, list[int]]]:
    """Rows of class name and boxes per split."""
    names = version.counts["train"]["classes"]
    return [(name, [version.counts[split]["classes"][name] for split in SPLITS]) for name in names]


def frozen_photo(image: ManifestImage, classes: dict[int, str]) -> dict[str, object]:
    """A manifest image as `includes/_photo.html` takes it."""
    row = Image(pk=image.id, sha256=image.sha256)
    boxes = [
        {
            "x1": b.x1,
            "y1": b.y1,
            "x2": b.x2,
            "y2": b.y2,
            "colour": class_colour(b.class_id),
            "label": classes[b.class_id],
        }
        for b in image.boxes
    ]
    return {
        "thumb_url": row.thumb_url,
        "large_thumb_url": row.large_thumb_url,
        "href": row.get_absolute_url(),
        "width": image.width,
        "height": image.height,
        "file_name": image.file_name,
        "boxes_for_display": boxes,
    }
