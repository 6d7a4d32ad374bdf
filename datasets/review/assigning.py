"""Dealing images out to people: a filter, a range of it, to one person or in equal parts to several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from datasets.browsing import GridFilter
from datasets.browsing.paging import beyond
from datasets.curation.actions import photos
from datasets.curation.changes import chunks
from datasets.models import Dataset, Work
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Whose field on the image says who is to do it.
FIELDS = {Work.LABEL: "assignee", Work.REVIEW: "reviewer"}
WORDS = {Work.LABEL: "label", Work.REVIEW: "review"}


@dataclass(frozen=True)
class Share:
    """What one person was given; `person` is None for images that are anybody's again."""

    person: User | None
    images: int


def people_called(names: Sequence[str]) -> list[User]:
    """People by user name; UserError naming the ones there are not."""
    possible = [name for name in names if "\x00" not in name]  # Postgres takes no text with it
    found = {str(p.username): p for p in get_user_model().objects.filter(username__in=possible, is_active=True)}
    if missing := [name for name in names if name not in found]:
        known = ", ".join(get_user_model().objects.filter(is_active=True).values_list("username", flat=True)[:20])
        raise UserError("unknown_person", f"There is nobody called “{missing[0]}”. There are: {known}.", 422)
    return [found[name] for name in dict.fromkeys(names)]


def ids_of(
    dataset: Dataset, query: str, first: int | None = None, last: int | None = None, viewer: Any = None
) -> list[int]:
    """Images of a filter in its order, or those from place `first` to place `last` (from 1, both included).

    A `viewer` finds images whose labels are hidden from them as what they look like to them.

    Raises:
        UserError: a range that is none, or a filter that means nothing (422).
    """
    if (first is not None and first < 1) or (last is not None and last < (first or 1)):
        raise UserError(
            "bad_range", "The range is from a photo to a later one, counted from 1, for example 1 to 500.", 422
        )
    found = GridFilter.parse_strictly(query)
    ids = beyond(found.apply(dataset, viewer), found.sort).values_list("pk", flat=True)
    return list(ids[(first or 1) - 1 : last])


def deal(dataset: Dataset, ids: Sequence[int], people: Sequence[User], work: str) -> list[Share]:
    """Give the images to the people in equal runs, neighbours to one person; with no people they are anybody's.

    Raises:
        UserError: no image, or no such work (422).
    """
    field = FIELDS.get(Work(work)) if work in Work.values else None
    if field is None:
        raise UserError("unknown_work", f"There is no work called “{work}”. Choose “label” or “review”.", 422)
    if not ids:
        raise UserError("nothing_chosen", "No photo matches. Choose another filter or another range.", 422)
    takers: list[Any] = list(people) or [None]
    bounds = [round(len(ids) * n / len(takers)) for n in range(len(takers) + 1)]
    shares = []
    for person, start, end in zip(takers, bounds, bounds[1:], strict=False):
        parts = chunks(ids[start:end])
        given = sum(dataset.images.filter(pk__in=part).update(**{field: person}) for part in parts)
        shares.append(Share(person, given))
    return shares


def told(shares: Sequence[Share], work: str) -> str:
    """The sentence about it."""
    parts = [f"{photos(share.images)} for {share.person or 'anybody'}" for share in shares]
    return f"To {WORDS[Work(work)]}: {', '.join(parts)}."
