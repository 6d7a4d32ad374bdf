"""A run's curves, thinned for drawing where they are stored: a page never reads more points than it draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from training.models import Metric, Run

POINTS = 1000
#: How many points a curve has, and its last step.
EXTENT = (Count("pk"), Max("step"))

T = TypeVar("T")


def series_of(run: Run, after: int = 0, story: str = "") -> dict[str, Any]:
    """{"series": {name: [[step, value], ...]}, "finished": bool, "newest", "story", "goes_on"} of a run.

    Every curve has 1,000 points at most. Who sends back `newest` (as `after`) and `story` gets only the points stored
    since, and `goes_on` is true: a page that is open reads a long run once. Another `story` is that of a run that went
    back to a checkpoint, of which some points are no longer true; it is told from the beginning.
    """
    now = story_of(run)
    goes_on = bool(after) and story == now
    newest = run.metrics.filter(pk__gt=after).aggregate(Max("pk"))["pk__max"] or after
    came = since(run, after) if goes_on else curves(run)
    return {"series": came, "finished": not run.is_active, "newest": newest, "story": now, "goes_on": goes_on}


def story_of(run: Run) -> str:
    """Another one whenever a run has gone back: at each attempt of its job, and each time it was mended."""
    return f"{run.job.attempt if run.job else 0}-{run.history.filter(kind='mended').count()}"


def since(run: Run, after: int) -> dict[str, list[list[float]]]:
    """The points stored after that of this number, by curve; what a page asks for every second."""
    return read(Metric.objects.filter(pk__gt=after, run=run))


def curves(run: Run, limit: int = POINTS, only: str = "") -> dict[str, list[list[float]]]:
    """{name: [[step, value], ...]} with at most `limit` points a curve, evenly chosen and never averaged.

    `only` is the one curve that is wanted; without it all of them.

    The first and the last point of each are always there: of every `limit - 1` equal stretches the first one is taken.
    """
    wanted = run.metrics.filter(name=only) if only else run.metrics.all()
    counts = {name: (count, last) for name, count, last in wanted.order_by().values_list("name").annotate(*EXTENT)}
    few = [name for name, (count, _) in counts.items() if count <= limit]
    found = read(run.metrics.filter(name__in=few)) if few else {}
    for (count, _), names in by_extent(counts, few).items():
        steps = list(thinned(run, names[0], count, limit).values_list("step", flat=True))
        together = read(run.metrics.filter(name__in=names, step__in=steps))
        for name in names:
            points = together.get(name, [])
            found[name] = points if len(points) == len(steps) else own_points(run, name, count, limit)
    return found


def by_extent(counts: dict[str, tuple[int, int]], few: list[str]) -> dict[tuple[int, int], list[str]]:
    """The long curves, those with as many points and the same last step together: most likely at the same steps.

    All that an engine measures at one step has that step, so it is chosen once for all of them.
    """
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for name in sorted(counts.keys() - set(few)):
        found[counts[name]].append(name)
    return found


def read(rows: QuerySet[Metric]) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = defaultdict(list)
    for name, step, value in rows.values_list("name", "step", "value"):
        found[name].append([step, value])
    return dict(found)


def own_points(run: Run, name: str, count: int, limit: int) -> list[list[float]]:
    return [[step, value] for step, value in thinned(run, name, count, limit).values_list("step", "value")]


def thinned(run: Run, name: str, count: int, limit: int) -> QuerySet[Metric]:
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
