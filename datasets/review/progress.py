"""How far a dataset is, at which pace, and when it will be done: for planning. Pauses are not counted as work.

Everything is added up from the events of transitions and the states of the images, in a fixed number of queries.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from datasets.models import Dataset, Image, ReviewEvent, ReviewState, Work

#: The forecast looks at the days of so long a time on which anybody worked.
PACE_DAYS = 14
NOBODY = "nobody any more"
LABELLED = Q(after=ReviewState.LABELLED, before=ReviewState.UNLABELLED)
REVIEWED = Q(after__in=[ReviewState.APPROVED, ReviewState.RETURNED])


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
    """The whole picture, in six queries whatever the size."""
    counted = list(dataset.images.order_by().values_list("state", "assignee").annotate(n=Count("pk")))
    states = {state: sum(row[2] for row in counted if row[0] == state) for state in ReviewState.values}
    rows: dict[int | None, PersonRow] = defaultdict(lambda: PersonRow(NOBODY))
    _add_work(dataset, rows)
    _add_boxes(dataset, rows)
    _add_verdicts(dataset, rows)
    _add_open(dataset, rows, counted)
    _name(rows)
    return Progress(
        states,
        sum(states.values()),
        sorted(rows.values(), key=lambda row: row.person.lower()),
        _forecasts(dataset, states),
    )


def _add_work(dataset: Dataset, rows: dict[int | None, PersonRow]) -> None:
    """Images and hours. The first image after a pause has no time of its own, so it does not enter the pace."""
    events = ReviewEvent.objects.filter(dataset=dataset).order_by()
    figures = events.values("user").annotate(
        labelled=Count("pk", filter=LABELLED),
        reviewed=Count("pk", filter=REVIEWED),
        label_timed=Count("seconds", filter=LABELLED),
        review_timed=Count("seconds", filter=REVIEWED),
        label_seconds=Sum("seconds", filter=~REVIEWED, default=0),
        review_seconds=Sum("seconds", filter=REVIEWED, default=0),
    )
    for found in figures:
        row = rows[found["user"]]
        row.labelled, row.reviewed = found["labelled"], found["reviewed"]
        row.label_hours = round(found["label_seconds"] / 3600, 2)
        row.review_hours = round(found["review_seconds"] / 3600, 2)
        row.labelled_per_hour = _rate(found["label_timed"], found["label_seconds"])
        row.reviewed_per_hour = _rate(found["review_timed"], found["review_seconds"])


def _rate(images: int, seconds: int) -> float | None:
    return round(images / seconds * 3600, 1) if seconds else None


def _add_boxes(dataset: Dataset, rows: dict[int | None, PersonRow]) -> None:
    """Boxes that are now on the images each person labelled last."""
    events = ReviewEvent.objects.filter(dataset=dataset, credited=True).order_by()
    for user, boxes in events.values_list("user").annotate(boxes=Sum("image__box_count")):
        rows[user].boxes = boxes or 0


def _add_verdicts(dataset: Dataset, rows: dict[int | None, PersonRow]) -> None:
    events = ReviewEvent.objects.filter(REVIEWED, dataset=dataset).exclude(labeller=None).order_by()
    counted = events.values_list("labeller").annotate(
        judged=Count("pk"), returned=Count("pk", filter=Q(after=ReviewState.RETURNED))
    )
    for labeller, judged, returned in counted:
        row = rows[labeller]
        row.judged, row.returned, row.returned_share = judged, returned, round(returned / judged, 3)


def _add_open(dataset: Dataset, rows: dict[int | None, PersonRow], counted: list[Any]) -> None:
    """What is assigned to each person and waits."""
    for state, assignee, count in counted:
        if assignee and state in (ReviewState.UNLABELLED, ReviewState.RETURNED):
            rows[assignee].to_label += count
    waiting: QuerySet[Image] = dataset.images.filter(state=ReviewState.LABELLED).exclude(reviewer=None)
    for reviewer, count in waiting.order_by().values_list("reviewer").annotate(n=Count("pk")):
        rows[reviewer].to_review = count


def _name(rows: dict[int | None, PersonRow]) -> None:
    known = get_user_model().objects.in_bulk([pk for pk in rows if pk])
    for pk, row in rows.items():
        row.id, row.person = pk, str(known[pk]) if pk in known else NOBODY


def _forecasts(dataset: Dataset, states: dict[str, int]) -> dict[str, Forecast]:
    since = timezone.now() - timedelta(days=PACE_DAYS)
    events = ReviewEvent.objects.filter(dataset=dataset, created_at__gte=since).order_by()
    days = list(
        events.values_list(TruncDate("created_at"))
        .annotate(labelled=Count("pk", filter=LABELLED), reviewed=Count("pk", filter=Q(after=ReviewState.APPROVED)))
        .order_by()
    )
    to_label = states[ReviewState.UNLABELLED] + states[ReviewState.RETURNED]
    return {
        Work.LABEL.value: forecast(to_label, [row[1] for row in days]),
        Work.REVIEW.value: forecast(to_label + states[ReviewState.LABELLED], [row[2] for row in days]),
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
    events = ReviewEvent.objects.filter(dataset=dataset).order_by()
    rows = (
        events.annotate(day=TruncDate("created_at"))
        .values("day", "user__username")
        .annotate(
            labelled=Count("pk", filter=LABELLED),
            approved=Count("pk", filter=Q(after=ReviewState.APPROVED)),
            returned=Count("pk", filter=Q(after=ReviewState.RETURNED)),
            seconds=Sum("seconds", default=0),
        )
        .order_by("day", "user__username")
    )
    return [
        {
            "day": row["day"].isoformat(),
            "person": row["user__username"] or NOBODY,
            "labelled": row["labelled"],
            "approved": row["approved"],
            "returned": row["returned"],
            "hours": round(row["seconds"] / 3600, 2),
        }
        for row in rows
    ]


def as_csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """A table for a spreadsheet; names that it would take for a formula are made text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _plain(row[name]) for name in columns} for row in rows)
    return out.getvalue()


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
