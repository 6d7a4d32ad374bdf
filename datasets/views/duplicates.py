"""Photos that look alike, two by two, and what becomes of them."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.browsing.filters import whole
from datasets.browsing.tiles import load_tiles
from datasets.curation.duplicates import decide, keep_one, refused_copies, run_find
from datasets.models import Dataset, LikePair
from datasets.views.grid import tell
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError

PAIRS = 10


@require_http_methods(["GET", "POST"])
def duplicate_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    if request.method == "POST":
        return act(request, dataset)
    decided = request.GET.get("decided") == "1"
    pairs = dataset.pairs.exclude(decision="") if decided else dataset.pairs.filter(decision="")
    page = Paginator(pairs.select_related("decided_by"), PAIRS).get_page(request.GET.get("page"))
    context = {
        "dataset": dataset,
        "tab": "duplicates",
        "decided": decided,
        "page_obj": page,
        "rows": with_photos(list(page.object_list)),
        "counts": (dataset.pairs.filter(decision="").count(), dataset.pairs.exclude(decision="").count()),
        "refused": refused_copies(dataset),
        "last": Job.objects.filter(kind="duplicates", subject_url=request.path).defer("log", "payload").first(),
    }
    return TemplateResponse(request, "datasets/duplicate_list.html", context)


def with_photos(pairs: list[LikePair]) -> list[tuple[LikePair, list[object]]]:
    """Pairs with their two images, ready to be drawn."""
    images = {image.pk: image for image in load_tiles([pk for p in pairs for pk in (p.first_id, p.second_id)])}
    return [(p, [images[p.first_id], images[p.second_id]]) for p in pairs if {p.first_id, p.second_id} <= images.keys()]


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
            "already_looking", "The photos are being compared already. This page shows the pairs then.", 409
        )
    submit(
        run_find,
        kind="duplicates",
        title=f"Compare the photos of {dataset.name}",
        payload={"dataset_id": dataset.pk},
        user=request.user,  # type: ignore[arg-type]
        subject_url=request.path,
    )
    messages.info(request, "The photos are compared in the background. Pairs appear here when that is done.")


def settle(request: HttpRequest, dataset: Dataset) -> None:
    data = request.POST
    pair = dataset.pairs.filter(pk=whole(data.get("pair", "")) or 0).first()
    if pair is None:
        raise UserError("no_such_pair", "This pair is not there any more: one of its photos was deleted.", 404)
    if keep := whole(data.get("keep", "")):
        tell(request, dataset, keep_one(pair, keep, request.user, data.get("boxes") == "1"))  # type: ignore[arg-type]
    else:
        decide(pair, data.get("decision", "?"), request.user)  # type: ignore[arg-type]
