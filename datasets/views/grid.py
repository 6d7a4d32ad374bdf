"""The grid of a dataset: filters, pages, saved views, and acting on many photos."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from datasets.access import dataset_for, may_manage, permit_user
from datasets.browsing import GridFilter, page_of
from datasets.browsing.filters import FLAGS, SIZES, SORTS, whole
from datasets.browsing.words import WORDS, chips
from datasets.curation.dispatch import Order, chosen_ids, needs
from datasets.curation.jobs import perform_or_submit, undo_or_submit
from datasets.models import Dataset, ReviewState, SavedView
from datasets.models.version import SPLITS
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError


@require_safe
def dataset_detail(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    found = GridFilter.read(request.GET)
    images, ends = found.apply(dataset, request.user), (request.GET.get("after", ""), request.GET.get("before", ""))
    page = page_of(images, found.sort, *ends, viewer=request.user)
    states = dict(dataset.images.order_by().values_list("state").annotate(n=Count("*")))
    context = {
        "dataset": dataset,
        "tab": "images",
        "page_obj": page,
        "filter": found,
        "query": found.query_string(),
        "states": [(value, word, states.get(value, 0)) for value, word in ReviewState.choices if states.get(value)],
        "total": sum(states.values()),
        "jobs": Job.objects.active().filter(subject_url=dataset.get_absolute_url()).defer("log", "payload"),
        "manages": may_manage(request.user, dataset),
        **choices(dataset, found),
    }
    return TemplateResponse(request, "datasets/dataset_detail.html", context)


def choices(dataset: Dataset, found: GridFilter) -> dict[str, Any]:
    """What the filter form and the actions offer."""
    classes = list(dataset.classes.all())
    people = list(get_user_model().objects.filter(is_active=True).order_by("username")[:200])
    views = list(dataset.views.select_related("user", "dataset")[:50])
    said = chips(
        found,
        {c.pk: c.name for c in classes},
        {p.pk: str(p) for p in people},
        {v.pk: v.name for v in views},
    )
    return {
        "classes": classes,
        "people": people,
        "views": views,
        "chips": said,
        "sorts": SORTS.items(),
        "review_states": ReviewState.choices,
        "splits": SPLITS,
        "sizes": SIZES,
        "flags": [(flag, WORDS[flag]) for flag in FLAGS],
    }


@require_safe
def image_count(request: HttpRequest, slug: str) -> HttpResponse:
    """How many images match, as a fragment: the grid does not wait for it."""
    count = GridFilter.read(request.GET).apply(dataset_for(request, slug), request.user).count()
    return HttpResponse(format_html("{}", f"{count:,}"))


@require_POST
def image_act(request: HttpRequest, slug: str) -> HttpResponse:
    """Do something with the ticked photos, or with all that match the filter in `query`."""
    dataset = dataset_for(request, slug)
    data = request.POST
    order = Order(
        data.get("action", ""),
        state=data.get("state", ""),
        person=whole(data.get("person", "")),
        source=whole(data.get("source", "")),
        target=whole(data.get("target", "")),
        new_class=data.get("new_class", "").replace("\x00", ""),
        view=data.get("view", "").replace("\x00", ""),
    )
    permit_user(request.user, dataset, needs(order))  # type: ignore[arg-type]
    query = GridFilter.parse(data.get("query", "")).query_string()
    ticked = [pk for pk in map(whole, data.getlist("image")) if pk]
    try:
        ids = chosen_ids(dataset, ticked, data.get("all") == "1", query)
        tell(request, dataset, perform_or_submit(dataset, ids, order, request.user))  # type: ignore[arg-type]
    except UserError as error:
        messages.error(request, error.message)
    return redirect(dataset.get_absolute_url() + query)


def tell(request: HttpRequest, dataset: Dataset, outcome: Any) -> None:
    if isinstance(outcome, Job):
        messages.info(request, f"{outcome.title}: this runs in the background.")
        return
    change = outcome.change
    if change and (change.images or change.merged):
        url = reverse("datasets:change-list", args=[dataset.slug])
        messages.success(request, format_html('{} <a href="{}">Take it back</a>', outcome.sentence, url))
    else:
        messages.success(request, outcome.sentence)


@require_safe
def change_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    changes = dataset.changes.select_related("user").exclude(images=0, merged=None)[:100]
    return TemplateResponse(request, "datasets/change_list.html", {"dataset": dataset, "changes": changes})


@require_POST
def change_undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    dataset = dataset_for(request, slug)
    change = dataset.changes.select_related("dataset").filter(pk=pk).first()
    try:
        if change is None:
            raise UserError("no_such_change", "This change is not there any more.", 404)
        again = undo_or_submit(change, request.user)  # type: ignore[arg-type]
        if isinstance(again, Job):
            messages.info(request, f"{again.title}: this runs in the background.")
        else:
            left = change.images - again.images
            said = f" {left:,} were saved since and stay as they are." if left else ""
            messages.success(request, f"{again.images:,} photos are as they were.{said}")
    except UserError as error:
        messages.error(request, error.message)
    return redirect("datasets:change-list", dataset.slug)


@require_POST
def view_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filter under a name; a name of one's own is written over."""
    dataset = dataset_for(request, slug)
    name = request.POST.get("name", "").replace("\x00", "").strip()[:100]
    query = GridFilter.parse(request.POST.get("query", "")).query_string()
    if not name or not query:
        messages.error(request, "A saved view needs a name and a filter. Set a filter first, then save it.")
        return redirect(dataset.get_absolute_url() + query)
    user: Any = request.user
    SavedView.objects.update_or_create(dataset=dataset, user=user, name=name, defaults={"query": query})
    messages.success(request, f"Saved as “{name}”. Its address can be sent to anybody on the team.")
    return redirect(dataset.get_absolute_url() + query)


@require_POST
def view_delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    dataset = dataset_for(request, slug)
    user: Any = request.user
    gone, _ = dataset.views.filter(pk=pk, user=user).delete()
    if gone:
        messages.success(request, "The view is gone; its photos stay.")
    else:
        messages.error(request, "Only the person who saved a view can delete it.")
    return redirect(dataset.get_absolute_url())
