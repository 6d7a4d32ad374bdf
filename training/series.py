"""A run's curves, thinned for drawing where they are stored: a page never reads more points than it draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from training.models import Metric, Run

POINTS = 1000

T = TypeVar("T")


def series_of(run: Run) -> dict[str, Any]:
    """{"series": {name: [[step, value], ...]}, "finished": bool}; every curve has 1,000 points at most."""
    return {"series": curves(run), "finished": not run.is_active}


def curves(run: Run, limit: int = POINTS, only: str = "") -> dict[str, list[list[float]]]:
    """{name: [[step, value], ...]} with at most `limit` points a curve, evenly chosen and never averaged.

    `only` is the one curve that is wanted; without it all of them.

    The first and the last point of each are always there: of every `limit - 1` equal stretches the first one is taken.
    """
    found: dict[str, list[list[float]]] = defaultdict(list)
    wanted = run.metrics.filter(name=only) if only else run.metrics.all()
    counts = dict(wanted.order_by().values_list("name").annotate(Count("pk")))
    few = [name for name, count in counts.items() if count <= limit]
    for name, step, value in run.metrics.filter(name__in=few).values_list("name", "step", "value"):
        found[name].append([step, value])
    for name in counts.keys() - few:
        found[name] = [list(row) for row in thinned(run, name, counts[name], limit).values_list("step", "value")]
    return dict(found)


def thinned(run: Run, name: str, count: int, limit: int) -> Any:
    """The rows of one curve that has more than `limit`."""
    stretches = limit - 1
    placed = Metric.objects.filter(run=run, name=name).annotate(
        place=Window(RowNumber(), order_by="step") - 1,
    )
    begins = Q(place=0) | ~Q(bucket=F("bucket_before")) | Q(place=count - 1)
    in_buckets = placed.annotate(
        bucket=F("place") * stretches / count, bucket_before=(F("place") - 1) * stretches / count
    )
    return in_buckets.filter(begins).order_by("step")


def state_of(run: Run) -> str:
    """Changes whenever the curves or the state do: what a browser that has them already asks about."""
    return f"{run.pk}-{run.events_offset}-{run.step}-{run.state}-{run.machine.get('memory_mb', '')}"


def thin(points: Sequence[T], limit: int = POINTS) -> list[T]:
    """At most `limit` of the points, evenly chosen and never averaged; the first and the last are always kept."""
    if len(points) <= limit:
        return list(points)
    last = len(points) - 1
    return [points[round(place * last / (limit - 1))] for place in range(limit)]
