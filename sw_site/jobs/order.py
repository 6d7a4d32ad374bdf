"""Whose job is next: by priority, then fairly between people, then by age. Asks the Job rows alone.

Among jobs of one priority people take turns: whoever has fewest jobs running goes first, then whoever was served
longest ago. "Served" is counted in turns and not by the clock, which may be moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Max, Min, QuerySet

from sw_site.jobs.hosts import here
from sw_site.jobs.models import Job, JobState

#: How many turns back somebody counts as served; before that everybody is equal.
REMEMBERED_TURNS = 1000
#: Attempts to take a job while other workers take the same one.
TRIES = 50


def waiting(queues: Iterable[str]) -> QuerySet[Job]:
    """Jobs that workers of these queues may take; one that its maker runs by itself was not submitted."""
    return Job.objects.filter(state=JobState.QUEUED, queue__in=list(queues), submitted_at__isnull=False)


def for_us(queues: Iterable[str]) -> QuerySet[Job]:
    """Those of them that this machine may take."""
    return waiting(queues).filter(host__in=["", here()])


def claim_next(queues: Iterable[str], worker: str) -> int | None:
    """Take the job whose turn it is, whoever else is taking jobs now; None when nothing waits."""
    queues = list(queues)
    for _ in range(TRIES):
        pk = next_job(queues)
        if pk is None:
            return None
        if Job.objects.claim(pk, worker):
            return pk
    return None  # so many others take jobs that they will take this one


def next_job(queues: Iterable[str]) -> int | None:
    queues = list(queues)
    jobs = for_us(queues)
    highest = jobs.aggregate(highest=Max("priority"))["highest"]
    if highest is None:
        return None
    rows = jobs.filter(priority=highest).order_by().values("user").annotate(first=Min("pk"))
    oldest: dict[int | None, int] = dict(rows.values_list("user", "first"))
    if not oldest:  # others took them since
        return next_job(queues)
    if len(oldest) == 1:
        return next(iter(oldest.values()))
    running, turn = running_by_person(queues), last_turns()
    return min((running[person], turn.get(person, 0), pk) for person, pk in oldest.items())[2]


def queue_order(queue: str) -> list[int]:
    """Ids of the waiting jobs of a queue in the order in which one worker would take them."""
    rows = waiting([queue]).order_by("-priority", "pk").values_list("priority", "user", "pk")
    running, turn = running_by_person([queue]), last_turns()
    seen: Counter[tuple[int, int | None]] = Counter()
    keyed = []
    for priority, person, pk in rows:
        # The third job of somebody who has one running is as far back as the fourth of somebody who has none.
        nth = running[person] + seen[priority, person]
        keyed.append((-priority, nth, turn.get(person, 0), pk))
        seen[priority, person] += 1
    return [key[-1] for key in sorted(keyed)]


def running_by_person(queues: list[str]) -> Counter[int | None]:
    rows = Job.objects.filter(state=JobState.RUNNING, queue__in=queues).order_by()
    return Counter(dict(rows.values("user").annotate(many=Count("pk")).values_list("user", "many")))


def last_turns() -> dict[int | None, int]:
    """The number of the last turn of each person who had one lately."""
    latest = Job.objects.aggregate(latest=Max("turn"))["latest"] or 0
    rows = Job.objects.filter(turn__gt=max(0, latest - REMEMBERED_TURNS)).order_by()
    return dict(rows.values("user").annotate(last=Max("turn")).values_list("user", "last"))
