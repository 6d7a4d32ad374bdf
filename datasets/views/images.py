"""One image: the editor page, its files, its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import image_for
from datasets.browsing import GridFilter, neighbours
from datasets.editor_keys import key_table
from datasets.labels import boxes_as_json
from datasets.models import CheckAnswer, Image, LabelClass
from datasets.pieces import PIECE, SCREEN, ensure_piece, ensure_screen, piece_url
from datasets.review.blind import answer_of
from datasets.review.desk import desk_context
from datasets.review.hidden import blindfold
from datasets.review.history import reviews_of
from datasets.revisions import overlay, restore_revision
from datasets.thumbnails import SIZES, ensure_thumbnail
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from sw_site.lib.serving import stored_file

#: Files are named by their content, so a browser may keep them for a year; they stay private to the person.
REVISIONS_A_PAGE = 24
KEEP = "private, max-age=31536000, immutable"


@never_cache  # the browser's Back must not bring an old revision, which could only be refused
@require_safe
def image_detail(request: HttpRequest, pk: int) -> HttpResponse:
    image = image_for(request, pk)
    answer = answer_of(image, request.user)
    grid_filter = GridFilter.read(request.GET)
    query = grid_filter.query_string()
    near = neighbours(grid_filter.apply(image.dataset, request.user), image, grid_filter.sort)
    passed_on = _with_review(query, request)
    for other in near.strip:
        other.url = other.get_absolute_url() + passed_on  # type: ignore[attr-defined]
    previous_url = near.previous.get_absolute_url() + passed_on if near.previous else ""
    next_url = near.next.get_absolute_url() + passed_on if near.next else ""
    if answer:
        blindfold(image, answer)
    context = {
        "dataset": image.dataset,
        "image": image,
        "position": near.position,
        "total": near.total,
        "previous_url": previous_url,
        "next_url": next_url,
        "grid_url": image.dataset.get_absolute_url() + query,
        "filmstrip": near.strip,
        "history_url": reverse("datasets:image-history", args=[image.pk]),
        "can_edit": image.dataset.role_of(request.user) >= Role.ANNOTATOR,
        "editor_data": editor_data(request, image, near.previous, previous_url, next_url, answer),
        "key_table": key_table(request.user),  # type: ignore[arg-type]
        **desk_context(request, image, answer),
    }
    return TemplateResponse(request, "datasets/image_detail.html", context)


def _with_review(query: str, request: HttpRequest) -> str:
    """Who reviews without a queue goes on reviewing on the next photo."""
    if request.GET.get("review") != "1":
        return query
    return f"{query}{'&' if query else '?'}review=1"


def editor_data(
    request: HttpRequest,
    image: Image,
    previous: Image | None,
    previous_url: str,
    next_url: str,
    answer: CheckAnswer | None = None,
) -> dict[str, Any]:
    # A retired class is offered no more, but a box that has it keeps its name.
    classes = image.dataset.classes.filter(Q(retired=False) | Q(boxes__image=image)).distinct()
    return {
        "image": {
            "id": image.pk,
            "name": image.file_name,
            "url": image.screen_url,
            "pieces": pieces_of(image),
            "width": image.width,
            "height": image.height,
            "revision": image.revision,
            "verified": image.verified,
            "negative": image.negative,
        },
        "classes": [class_data(c) for c in classes],
        "boxes": answer.boxes if answer else boxes_as_json(image.boxes.all()),
        "user": str(request.user.pk),
        "page_url": image.get_absolute_url(),
        "boxes_url": reverse("api-1:get_image_boxes", args=[image.pk]),
        "operations_url": reverse("api-1:save_image_operations", args=[image.pk]),
        "previous_boxes_url": reverse("api-1:get_image_boxes", args=[previous.pk]) if previous else "",
        "find_url": reverse("api-1:find_image", args=[image.pk]),
        "presence_url": reverse("api-1:image_presence", args=[image.pk]),
        "previous_url": previous_url,
        "next_url": next_url,
        "csrf": get_token(request),
    }


def class_data(each: LabelClass) -> dict[str, Any]:
    values = {"id": each.pk, "number": each.number, "name": each.name, "colour": each.colour, "hotkey": each.key}
    return {**values, "retired": each.retired}


def pieces_of(image: Image) -> dict[str, Any] | None:
    if not image.is_vast:
        return None
    url = piece_url(image, 0, 0).replace("/0-0/", "/COLUMN-ROW/")
    return {"side": PIECE, "screen": SCREEN, "url": url}


@require_safe
def image_file(request: HttpRequest, pk: int, tag: str) -> FileResponse | HttpResponse:
    """The upright picture. `tag` only makes the address change with the content."""
    return send_file(image_for(request, pk).file)


@require_safe
def image_thumb(request: HttpRequest, pk: int, tag: str, size: str) -> FileResponse | HttpResponse:
    image = image_for(request, pk)
    if size == "screen":
        return send_file(ensured(ensure_screen, image))
    if size not in SIZES:
        raise Http404
    return send_file(ensure_thumbnail(image, size) or image.file)


@require_safe
def image_piece(request: HttpRequest, pk: int, tag: str, column: int, row: int) -> FileResponse | HttpResponse:
    """A part of a picture of very many pixels."""
    name = ensured(ensure_piece, image_for(request, pk), column, row)
    if name is None:
        raise Http404
    return send_file(name)


def ensured(make: Callable[..., Any], image: Image, *place: int) -> Any:
    try:
        return make(image, *place)
    except FileNotFoundError as error:
        raise Http404("The file is gone from the storage.") from error


@require_http_methods(["GET", "HEAD", "POST"])
def image_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every saved state, some at a time; POST restores one of them."""
    image = image_for(request, pk)
    is_blind = answer_of(image, request.user) is not None
    if request.method == "POST" and not is_blind:
        return _restore(request, image)
    revisions = image.revisions.none() if is_blind else image.revisions.select_related("user")
    page = Paginator(revisions, REVISIONS_A_PAGE).get_page(request.GET.get("page"))
    classes = {one.pk: one for one in image.dataset.classes.all()}
    for revision in page:
        revision.overlay = overlay(image, revision, classes)  # type: ignore[attr-defined]
    reviews = [] if is_blind else reviews_of(image)
    context = {"image": image, "dataset": image.dataset, "page": page, "reviews": reviews}
    context["can_edit"] = image.dataset.role_of(request.user) >= Role.ANNOTATOR
    return TemplateResponse(request, "datasets/image_history.html", context)


def _restore(request: HttpRequest, image: Image) -> HttpResponse:
    number = request.POST.get("number", "")
    try:
        restore_revision(image, int(number) if number.isdecimal() else 0, request.user)  # type: ignore[arg-type]
    except UserError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The photo is as it was after revision {number}. That is a new revision.")
    return redirect("datasets:image-history", image.pk)


def send_file(name: str) -> HttpResponse | FileResponse:
    """A stored picture, to be kept by the browser; 404 when it is gone from the storage."""
    return stored_file(name, Cache_Control=KEEP)
