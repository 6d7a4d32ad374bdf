"""Jumps within a filter: to the next image of a sort, or to one by its name or its place."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.db.models.lookups import GreaterThan

from datasets.browsing.filters import GridFilter
from datasets.browsing.paging import beyond, place_of
from datasets.models import Image, ReviewState
from datasets.models.image import ImageQuerySet
from datasets.traits import TRAITS
from sw_site.lib.errors import UserError

UNLABELLED, FLAGGED = "unlabelled", "flagged"
MAX_PLACE = 10_000_000


def find_image(image: Image, grid_filter: GridFilter, wanted: str, viewer: Any = None) -> Image:
    """The image to go to from `image`, in the filter's order; a search that reaches the end goes on at the beginning.

    `wanted` is "unlabelled", "flagged" (returned, or with boxes a model drew), "#12" or "12" for a place in the
    filter's order counted from 1, or a part of a file name.

    Raises:
        UserError: there is no such image (404).
    """
    wanted = wanted.replace("\x00", "").strip()
    images = grid_filter.apply(image.dataset, viewer)
    if wanted == UNLABELLED:
        return _next(images.filter(state=ReviewState.UNLABELLED), image, grid_filter.sort, _none("unlabelled photo"))
    if wanted == FLAGGED:
        nothing = _none("photo that was returned or has guesses of a model")
        return _next(_flagged(images), image, grid_filter.sort, nothing)
    number = wanted.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 9:
        return _at(images, grid_filter.sort, int(number))
    named = images.filter(file_name__icontains=wanted[:255])
    return _next(named, image, grid_filter.sort, f"No photo here has “{wanted[:80]}” in its name.")


def _none(sort: str) -> str:
    return f"There is no other {sort} among these."


def _flagged(images: ImageQuerySet) -> ImageQuerySet:
    guesses = GreaterThan(F("box_traits").bitand(TRAITS["model"]), 0)
    return images.filter(Q(state=ReviewState.RETURNED) | Q(guesses))


def _next(images: ImageQuerySet, image: Image, sort: str, nothing: str) -> Image:
    others = images.exclude(pk=image.pk)
    found = beyond(others, sort, place_of(image, sort)).first() or beyond(others, sort).first()
    if found is None:
        raise UserError("not_found", nothing, status=404)
    return found


def _at(images: ImageQuerySet, sort: str, place: int) -> Image:
    found = beyond(images, sort)[place - 1 : place].first() if 1 <= place <= MAX_PLACE else None
    if found is None:
        raise UserError("not_found", f"There are {images.count()} photos here; choose a number from 1.", status=404)
    return found
