"""Figures of events by the day on the reader's calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Aggregate, CharField, QuerySet
from django.db.models.functions import Cast, Substr, TruncDate
from django.utils import timezone

#: Of "2026-11-26 08:57:55" this many characters are the hour.
HOUR = 13


def by_day(events: QuerySet[Any], keys: Sequence[str], figures: Mapping[str, Aggregate]) -> dict[Any, Counter[str]]:
    """Sums of the figures by (day, *keys), or by the day alone where there are no keys.

    SQLite adds up by hours of UTC, which it can read off the value: asking it for the day of a time zone costs it a
    call of Python for each event. Where a day does not begin with an hour of UTC, it is asked all the same.
    """
    if connection.vendor == "sqlite":
        hour = Substr(Cast("created_at", CharField()), 1, HOUR)
        rows = list(events.order_by().annotate(_at=hour).values_list("_at", *keys).annotate(**figures))
        starts = {hour: _start(hour) for hour in {row[0] for row in rows}}
        if not any(start.minute for start in starts.values()):
            return _sums([(starts[text].date(), *rest) for text, *rest in rows], len(keys), list(figures))
    days = events.order_by().annotate(_at=TruncDate("created_at")).values_list("_at", *keys).annotate(**figures)
    return _sums(list(days), len(keys), list(figures))


def _start(hour: str) -> datetime:
    """Of an hour of UTC like "2026-11-26 08", on the reader's clock."""
    return timezone.localtime(datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC))


def _sums(rows: list[tuple[Any, ...]], keys: int, names: list[str]) -> dict[Any, Counter[str]]:
    found: dict[Any, Counter[str]] = {}
    for row in rows:
        key = row[: keys + 1] if keys else row[0]
        found.setdefault(key, Counter()).update(dict(zip(names, row[keys + 1 :], strict=True)))
    return found
