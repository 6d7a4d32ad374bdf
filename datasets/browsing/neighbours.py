"""The way from image to image through a filter, in its order."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.browsing.paging import beyond, place_of
from datasets.models import Image
from datasets.models.image import ImageQuerySet


@dataclass(frozen=True)
class Neighbours:
    """Where an image stands among those of a filter."""

    position: int
    total: int
    previous: Image | None
    next: Image | None
    strip: list[Image]


def neighbours(images: ImageQuerySet, image: Image, sort: str = "", reach: int = 6) -> Neighbours:
    """Position (from 1), the image before and after, and a strip of `reach` images on both sides."""
    place = place_of(image, sort)
    earlier = beyond(images, sort, place, backwards=True)
    before = _rows(earlier, reach)[::-1]
    after = _rows(beyond(images, sort, place), reach)
    return Neighbours(
        position=earlier.count() + 1,
        total=images.count(),
        previous=before[-1] if before else None,
        next=after[0] if after else None,
        strip=[*before, image, *after],
    )


def _rows(images: ImageQuerySet, count: int) -> list[Image]:
    ids = list(images.values_list("pk", flat=True)[:count])
    rows = Image.objects.defer("note", "fingerprint").in_bulk(ids)
    return [rows[pk] for pk in ids if pk in rows]
