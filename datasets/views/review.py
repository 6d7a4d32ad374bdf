"""The review desk of a dataset: progress, the queue, dealing out, notes, comparing two people, hidden checks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets.access import dataset_for, image_for, managed_dataset_for, may_manage, permit_user
from datasets.browsing import GridFilter
from datasets.browsing.filters import whole
from datasets.browsing.tiles import load_tiles
from datasets.browsing.words import chips
from datasets.models import CheckImage, CheckSet, Dataset, NotMeasured, Work
from datasets.review import checks
from datasets.review.api import desk_url
from datasets.review.assigning import deal, ids_of, people_called, told
from datasets.review.blind import answer_of
from datasets.review.comparing import answers_to, compare, drawn
from datasets.review.measured import excuse, excused, measure
from datasets.review.progress import as_csv, daily, progress
from datasets.review.queue import ROLE_FOR, take_next
from datasets.review.verdicts import open_notes, resolve_note
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError

NOTES_A_PAGE = 50
ANSWERS_SHOWN = 100
DAILY_COLUMNS = ["day", "person", "labelled", "approved", "returned", "hours"]


@require_http_methods(["GET", "HEAD", "POST"])
def review_desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Progress and plan; POST deals images out. The address may carry a filter of the grid for that."""
    dataset = dataset_for(request, slug)
    if request.method == "POST":
        return _deal(request, dataset)
    found = GridFilter.read(request.GET)
    people = list(get_user_model().objects.filter(is_active=True).order_by("username")[:200])
    notes = open_notes(dataset, request.user)
    context = {
        "dataset": dataset,
        "tab": "review",
        "progress": progress(dataset),
        "query": found.query_string(),
        "chips": _chips(dataset, found, people),
        "matching": found.apply(dataset, request.user).count(),
        "people": people,
        "notes": notes[:5],
        "note_count": notes.count(),
        "manages": may_manage(request.user, dataset),
    }
    return TemplateResponse(request, "datasets/review_desk.html", context)


def _chips(dataset: Dataset, found: GridFilter, people: list[Any]) -> Any:
    classes = {one.pk: one.name for one in dataset.classes.all()} if found.class_id else {}
    views = {one.pk: one.name for one in dataset.views.all()[:50]} if found.view else {}
    return chips(found, classes, {one.pk: str(one) for one in people}, views)


def _deal(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    data = request.POST
    query = GridFilter.parse(data.get("query", "")).query_string()
    try:
        ids = ids_of(dataset, query, _place(data.get("first", "")), _place(data.get("last", "")), request.user)
        people = people_called(data.getlist("person"))
        messages.success(request, told(deal(dataset, ids, people, data.get("work", "")), data.get("work", "")))
    except UserError as error:
        messages.error(request, error.message)
    return redirect(reverse("datasets:review-desk", args=[dataset.slug]) + query)


def _place(text: str) -> int | None:
    """A place in the filter; None where nobody gave one, and one that is none where they gave something else."""
    return (whole(text.strip()) or 0) if text.strip() else None


@never_cache
@require_POST
def queue_next(request: HttpRequest, slug: str, work: str) -> HttpResponse:
    """Hand out the next image and open it."""
    dataset = dataset_for(request, slug)
    user: Any = request.user
    permit_user(user, dataset, ROLE_FOR.get(work, Role.ANNOTATOR))
    try:
        image = take_next(dataset, user, work, whole(request.POST.get("done", "")))
    except UserError as error:
        messages.error(request, error.message)
        return redirect("datasets:review-desk", dataset.slug)
    if image is None:
        word = "label" if work == Work.LABEL else "review"
        messages.info(request, f"There is nothing left for you to {word} here: all is done, or with somebody else.")
        return redirect("datasets:review-desk", dataset.slug)
    return redirect(desk_url(image, work))


@require_safe
def progress_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Day by day and person by person, for a spreadsheet."""
    dataset = dataset_for(request, slug)
    response = HttpResponse(as_csv(daily(dataset), DAILY_COLUMNS), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{dataset.slug}-progress.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def note_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Open notes of a dataset; POST ticks one off."""
    dataset = dataset_for(request, slug)
    notes = open_notes(dataset, request.user)
    if request.method == "POST":
        note = notes.filter(pk=whole(request.POST.get("note", "")) or 0).first()
        if note:
            resolve_note(note, request.user)  # type: ignore[arg-type]
            messages.success(request, "The note is settled.")
        else:
            messages.info(request, "Somebody has settled that note already.")
        return redirect(request.get_full_path())
    page = Paginator(notes, NOTES_A_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(
        request, "datasets/review_notes.html", {"dataset": dataset, "tab": "review", "page_obj": page}
    )


@require_safe
def image_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two people's boxes on one image, over each other and in a table."""
    image = image_for(request, pk)
    if answer_of(image, request.user):
        raise Http404
    answers = answers_to(image, may_manage(request.user, image.dataset))
    found = compare(answers, request.GET.get("a", ""), request.GET.get("b", ""))
    context = {
        "dataset": image.dataset,
        "tab": "review",
        "image": image,
        "answers": answers,
        "found": found,
        "drawn": drawn(image, found) if found else None,
    }
    return TemplateResponse(request, "datasets/image_compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def check_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The hidden check set and its scores, for those who manage the dataset."""
    dataset = managed_dataset_for(request, slug)
    if request.method == "POST":
        return _change_checks(request, dataset)
    check_set = CheckSet.objects.filter(dataset=dataset).first()
    items = CheckImage.objects.filter(check_set=check_set).order_by("pk").values_list("image", flat=True)
    page = Paginator(items, 60).get_page(request.GET.get("page"))
    answers = checks.answer_scores(dataset)
    context = {
        "dataset": dataset,
        "tab": "review",
        "check_set": check_set,
        "page_obj": page,
        "tiles": load_tiles(list(page.object_list)),
        "people": checks.by_person(answers),
        "excused": excused(dataset),
        "others": _others(dataset),
        "answers": answers[-ANSWERS_SHOWN:][::-1],
        "more": max(0, len(answers) - ANSWERS_SHOWN),
    }
    return TemplateResponse(request, "datasets/review_checks.html", context)


def _others(dataset: Dataset) -> list[Any]:
    """Those of the people to whom checks are handed."""
    excused_ones = NotMeasured.objects.filter(check_set__dataset=dataset).values("user")
    people = get_user_model().objects.filter(is_active=True).exclude(pk__in=excused_ones)
    return list(people.order_by("username")[:200])


def _set_measured(request: HttpRequest, dataset: Dataset) -> None:
    (person,) = people_called([request.POST.get("person", "")])
    if request.POST["action"] == "measure":
        measure(dataset, person)
        messages.success(request, f"{person} is handed checks again.")
    else:
        excuse(dataset, person, request.user)
        messages.success(request, f"{person} is handed no checks and sees the trusted boxes.")


def _change_checks(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    data, user = request.POST, request.user
    images = [pk for pk in map(whole, data.getlist("image")) if pk]
    try:
        if data.get("action") in ("excuse", "measure"):
            _set_measured(request, dataset)
        elif data.get("action") == "drop":
            gone = checks.drop(dataset, images)
            messages.success(request, f"{gone:,} taken out of the check set, with the answers to them.")
        else:
            checks.choose(dataset, [], user, whole(data.get("every", "")) or 0)  # type: ignore[arg-type]
            messages.success(request, "Saved.")
    except UserError as error:
        messages.error(request, error.message)
    return redirect(request.path)
