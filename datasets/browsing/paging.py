"""Pages by key: "a hundred after this image". The thousandth page costs what the first one costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from datasets.browsing.tiles import load_tiles
from datasets.models import Image
from datasets.models.image import ImageQuerySet
from datasets.review.hidden import veil

PAGE_SIZE = 100
#: Sort -> (field compared before the id, or none; is it the other way round).
KEYS = {
    "": ("", False),
    "newest": ("", True),
    "name": ("file_name", False),
    "most": ("box_count", True),
    "fewest": ("box_count", False),
}


@dataclass(frozen=True)
class GridPage:
    """Images to show, and the cursors of the pages around them (empty where there is none)."""

    images: list[Image]
    previous: str = ""
    next: str = ""

    def __iter__(self) -> Iterator[Image]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_all(self) -> bool:
        return not (self.previous or self.next)


def page_of(
    images: ImageQuerySet,
    sort: str = "",
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
    viewer: Any = None,
) -> GridPage:
    """The page after (or before) a cursor; cursors nobody can read mean the first page.

    What is hidden from the `viewer` (see datasets/review/hidden.py) is shown as they left it.

    The ids are found in an index first; the wide rows of the images are read for one page only.
    """
    ids, previous, following = _ids(images, sort, after, before, size)
    shown = load_tiles(ids)
    page = GridPage(
        shown,
        cursor(shown[0], sort) if shown and previous else "",
        cursor(shown[-1], sort) if shown and following else "",
    )
    if viewer:
        veil(shown, viewer)
    return page


def _ids(images: ImageQuerySet, sort: str, after: str, before: str, size: int) -> tuple[list[int], bool, bool]:
    """(ids in order, is there a page before, is there one after)."""
    if place := read_cursor(before, sort):
        found = list(beyond(images, sort, place, backwards=True).values_list("pk", flat=True)[: size + 1])
        if len(found) > size:
            return found[size - 1 :: -1], True, True
    place = None if before else read_cursor(after, sort)
    found = list(beyond(images, sort, place).values_list("pk", flat=True)[: size + 1])
    return found[:size], place is not None, len(found) > size


def cursor(image: Image, sort: str) -> str:
    """Where an image stands in this order, as an address carries it: its id, and what it is sorted by."""
    field, _ = KEYS[sort]
    return f"{image.pk}~{getattr(image, field)}" if field else str(image.pk)


def read_cursor(text: str, sort: str) -> tuple[int, Any] | None:
    pk, _, value = text.replace("\x00", "").partition("~")
    field, _ = KEYS[sort]
    if not _is_number(pk) or (field == "box_count" and not _is_number(value)):
        return None
    return int(pk), int(value) if field == "box_count" else value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def place_of(image: Image, sort: str) -> tuple[int, Any]:
    """What `beyond` compares with."""
    field, _ = KEYS[sort]
    return image.pk, getattr(image, field) if field else None


def beyond(
    images: ImageQuerySet, sort: str, place: tuple[int, Any] | None = None, backwards: bool = False
) -> ImageQuerySet:
    """The images that come after `place` in this order (before it, nearest first, when `backwards`)."""
    field, reverse = KEYS[sort]
    falls = reverse != backwards
    order = ["-pk" if falls else "pk"]
    if field:
        order.insert(0, f"-{field}" if falls else field)
    if place:
        images = images.filter(_further(field, *place, word="lt" if falls else "gt"))
    return images.order_by(*order)


def _further(field: str, pk: int, value: Any, word: str) -> Q:
    if not field:
        return Q(**{f"pk__{word}": pk})
    # The first condition is implied by the second; it is the one that an index can begin at.
    start = Q(**{f"{field}__{word}e": value})
    return start & (Q(**{f"{field}__{word}": value}) | Q(**{f"pk__{word}": pk}))
