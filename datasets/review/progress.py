"""How far a dataset is, at which pace, and when it will be done: for planning. Pauses are not counted as work.

Everything is added up from the events of transitions and the states of the images, in a fixed number of queries.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q, Sum
from django.utils import timezone

from datasets.models import Dataset, ReviewEvent, ReviewState, Work
from datasets.review.days import by_day
from sw_site.lib.spreadsheets import harmless

#: The forecast looks at the days of so long a time on which anybody worked.
PACE_DAYS = 14
NOBODY = "nobody any more"
LABELLED = Q(after=ReviewState.LABELLED, before=ReviewState.UNLABELLED)
VERDICTS = (ReviewState.APPROVED, ReviewState.RETURNED)


@dataclass
class PersonRow:
    """What one person did and has left. Hours are those between events less than a pause apart."""

    person: str
    id: int | None = None
    labelled: int = 0
    boxes: int = 0
    label_hours: float = 0.0
    labelled_per_hour: float | None = None
    judged: int = 0
    returned: int = 0
    returned_share: float | None = None
    reviewed: int = 0
    review_hours: float = 0.0
    reviewed_per_hour: float | None = None
    to_label: int = 0
    to_review: int = 0


@dataclass
class Forecast:
    """What is left of one kind of work, how many a working day went lately, and the day it is done at that pace."""

    left: int
    per_day: float | None = None
    days: int | None = None
    done_on: date | None = None


@dataclass
class Progress:
    states: dict[str, int]
    total: int
    people: list[PersonRow]
    forecast: dict[str, Forecast] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        forecasts = {
            work: {**asdict(f), "done_on": f.done_on and f.done_on.isoformat()} for work, f in self.forecast.items()
        }
        return {
            "images": self.total,
            "states": self.states,
            "forecast": forecasts,
            "people": [asdict(row) for row in self.people],
        }


def progress(dataset: Dataset) -> Progress:
    """The whole picture, in five queries whatever the size."""
    found = dataset.images.order_by().values_list("state", "assignee", "reviewer").annotate(n=Count("pk"))
    counted = list(found)
    states = {state: sum(row[3] for row in counted if row[0] == state) for state in ReviewState.values}
    rows: dict[int | None, PersonRow] = defaultdict(lambda: PersonRow(NOBODY))
    _add_work(dataset, rows)
    _add_boxes(dataset, rows)
    _add_open(rows, counted)
    _name(rows)
    return Progress(
        states,
        sum(states.values()),
        sorted(rows.values(), key=lambda row: row.person.lower()),
        _forecasts(dataset, states),
    )


def _add_work(dataset: Dataset, rows: dict[int | None, PersonRow]) -> None:
    """Images, hours and verdicts. The first image after a pause has no time of its own, so it is not in the pace.

    One look at all events, by who did what and whose labels were judged, serves both.
    """
    events = ReviewEvent.objects.filter(dataset=dataset).order_by()
    figures = events.values_list("user", "labeller", "before", "after").annotate(
        Count("pk"), Count("seconds"), Sum("seconds", default=0)
    )
    worked: dict[int | None, Counter[str]] = defaultdict(Counter)
    for user, labeller, before, after, count, timed, seconds in figures:
        worked[user].update(_sums(before, after, count, timed, seconds))
        if labeller and after in VERDICTS:
            rows[labeller].judged += count
            rows[labeller].returned += count if after == ReviewState.RETURNED else 0
    for person, sums in worked.items():
        _add_pace(rows[person], sums)
    for row in rows.values():
        row.returned_share = round(row.returned / row.judged, 3) if row.judged else None


def _sums(before: str, after: str, count: int, timed: int, seconds: int) -> dict[str, int]:
    """What events from one state to another add to a person's figures."""
    if after in VERDICTS:
        return {"reviewed": count, "review_timed": timed, "review_seconds": seconds}
    if (before, after) == (ReviewState.UNLABELLED, ReviewState.LABELLED):
        return {"labelled": count, "label_timed": timed, "label_seconds": seconds}
    return {"label_seconds": seconds}


def _add_pace(row: PersonRow, sums: Counter[str]) -> None:
    row.labelled, row.reviewed = sums["labelled"], sums["reviewed"]
    row.label_hours = round(sums["label_seconds"] / 3600, 2)
    row.review_hours = round(sums["review_seconds"] / 3600, 2)
    row.labelled_per_hour = _rate(sums["label_timed"], sums["label_seconds"])
    row.reviewed_per_hour = _rate(sums["review_timed"], sums["review_seconds"])


def _rate(images: int, seconds: int) -> float | None:
    return round(images / seconds * 3600, 1) if seconds else None


def _add_boxes(dataset: Dataset, rows: dict[int | None, PersonRow]) -> None:
    """Boxes that are now on the images each person labelled last."""
    events = ReviewEvent.objects.filter(dataset=dataset, credited=True).order_by()
    for user, boxes in events.values_list("user").annotate(boxes=Sum("image__box_count")):
        rows[user].boxes = boxes or 0


def _add_open(rows: dict[int | None, PersonRow], counted: list[Any]) -> None:
    """What is assigned to each person and waits."""
    for state, assignee, reviewer, count in counted:
        if assignee and state in (ReviewState.UNLABELLED, ReviewState.RETURNED):
            rows[assignee].to_label += count
        if reviewer and state == ReviewState.LABELLED:
            rows[reviewer].to_review += count


def _name(rows: dict[int | None, PersonRow]) -> None:
    known = get_user_model().objects.in_bulk([pk for pk in rows if pk])
    for pk, row in rows.items():
        row.id, row.person = pk, str(known[pk]) if pk in known else NOBODY


def _forecasts(dataset: Dataset, states: dict[str, int]) -> dict[str, Forecast]:
    since = timezone.now() - timedelta(days=PACE_DAYS)
    figures = {"labelled": Count("pk", filter=LABELLED), "reviewed": Count("pk", filter=Q(after=ReviewState.APPROVED))}
    days = by_day(ReviewEvent.objects.filter(dataset=dataset, created_at__gte=since), [], figures)
    to_label = states[ReviewState.UNLABELLED] + states[ReviewState.RETURNED]
    return {
        Work.LABEL.value: forecast(to_label, [sums["labelled"] for sums in days.values()]),
        Work.REVIEW.value: forecast(
            to_label + states[ReviewState.LABELLED], [sums["reviewed"] for sums in days.values()]
        ),
    }


def forecast(left: int, per_day: list[int]) -> Forecast:
    """`per_day`: images done on each day lately; days on which nothing was done say nothing about the pace."""
    worked = [count for count in per_day if count]
    if not worked or not left:
        return Forecast(left)
    pace = sum(worked) / len(worked)
    days = math.ceil(left / pace)
    return Forecast(left, round(pace, 1), days, timezone.localdate() + timedelta(days=days) if days < 3650 else None)


def daily(dataset: Dataset) -> list[dict[str, Any]]:
    """One row for each day and person: labelled, approved, returned, hours."""
    figures = {
        "labelled": Count("pk", filter=LABELLED),
        "approved": Count("pk", filter=Q(after=ReviewState.APPROVED)),
        "returned": Count("pk", filter=Q(after=ReviewState.RETURNED)),
        "seconds": Sum("seconds", default=0),
    }
    found = by_day(ReviewEvent.objects.filter(dataset=dataset), ["user"], figures)
    known = dict(get_user_model().objects.filter(pk__in={user for _, user in found}).values_list("pk", "username"))
    named = [(day, known.get(user, ""), sums) for (day, user), sums in found.items()]
    return [
        {
            "day": day.isoformat(),
            "person": name or NOBODY,
            **{what: sums[what] for what in ("labelled", "approved", "returned")},
            "hours": round(sums["seconds"] / 3600, 2),
        }
        for day, name, sums in sorted(named, key=lambda row: row[:2])
    ]


def as_csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """A table for a spreadsheet; names that it would take for a formula are made text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: harmless(row[name]) for name in columns} for row in rows)
    return out.getvalue()
