"""A run's curves, thinned for drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar

from training.models import Run

POINTS = 1000

T = TypeVar("T")


def series_of(run: Run) -> dict[str, Any]:
    """{"series": {name: [[step, value], ...]}, "finished": bool}; every curve has 1,000 points at most."""
    curves: dict[str, list[list[float]]] = defaultdict(list)
    for name, step, value in run.metrics.order_by("name", "step").values_list("name", "step", "value"):
        curves[name].append([step, value])
    return {"series": {name: thin(points) for name, points in curves.items()}, "finished": not run.is_active}


def thin(points: Sequence[T], limit: int = POINTS) -> list[T]:
    """At most `limit` of the points, evenly chosen and never averaged; the first and the last are always kept."""
    if len(points) <= limit:
        return list(points)
    last = len(points) - 1
    return [points[round(place * last / (limit - 1))] for place in range(limit)]
