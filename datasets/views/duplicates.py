"""Photos that look alike, group by group, and what becomes of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.browsing.filters import whole
from datasets.browsing.tiles import load_tiles
from datasets.curation.duplicates import refused_copies, run_find
from datasets.curation.groups import LikeGroup, decide_group, keep_of_group, like_groups
from datasets.models import Dataset
from datasets.views.grid import tell
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError

GROUPS = 10
#: Of a group larger than this the first are shown; the rest is counted.
PHOTOS_SHOWN = 60


@require_http_methods(["GET", "POST"])
def duplicate_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    if request.method == "POST":
        return act(request, dataset)
    decided = request.GET.get("decided") == "1"
    groups = {False: like_groups(dataset), True: like_groups(dataset, decided=True)}
    page = Paginator(groups[decided], GROUPS).get_page(request.GET.get("page"))
    context = {
        "dataset": dataset,
        "tab": "duplicates",
        "decided": decided,
        "page_obj": page,
        "rows": with_photos(dataset, list(page.object_list), request.user),
        "counts": (len(groups[False]), len(groups[True])),
        "refused": refused_copies(dataset),
        "last": Job.objects.filter(kind="duplicates", subject_url=request.path).defer("log", "payload").first(),
    }
    return TemplateResponse(request, "datasets/duplicate_list.html", context)


def with_photos(dataset: Dataset, groups: list[LikeGroup], viewer: Any) -> list[dict[str, Any]]:
    """Groups with their nearest pair (which knows who decided) and their images, ready to be drawn."""
    shown = [pk for group in groups for pk in group.images[:PHOTOS_SHOWN]]
    images = {image.pk: image for image in load_tiles(shown, viewer)}
    pairs = dataset.pairs.select_related("decided_by").in_bulk([group.pairs[0] for group in groups])
    rows: list[dict[str, Any]] = []
    for group in groups:
        photos = [images[pk] for pk in group.images[:PHOTOS_SHOWN] if pk in images]
        pair = pairs.get(group.pairs[0])
        if pair and len(photos) > 1:  # else one was deleted this moment
            rows.append({"group": group, "pair": pair, "photos": photos, "others": len(group.images) - 1})
    return rows


def act(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    data = request.POST
    try:
        if data.get("action") == "find":
            find(request, dataset)
        else:
            settle(request, dataset)
    except UserError as error:
        messages.error(request, error.message)
    return redirect(request.get_full_path())


def find(request: HttpRequest, dataset: Dataset) -> None:
    if Job.objects.active().filter(kind="duplicates", subject_url=request.path).exists():
        raise UserError(
            "already_looking", "The photos are being compared already. This page shows the groups then.", 409
        )
    submit(
        run_find,
        kind="duplicates",
        title=f"Compare the photos of {dataset.name}",
        payload={"dataset_id": dataset.pk},
        user=request.user,  # type: ignore[arg-type]
        subject_url=request.path,
    )
    messages.info(request, "The photos are compared in the background. Groups appear here when that is done.")


def settle(request: HttpRequest, dataset: Dataset) -> None:
    data = request.POST
    images = [pk for pk in map(whole, data.getlist("image")) if pk]
    user: Any = request.user
    if keep := whole(data.get("keep", "")):
        tell(request, dataset, keep_of_group(dataset, images, keep, user, data.get("boxes") == "1"))
    else:
        decide_group(dataset, images, data.get("decision", "?"), user)
