"""Who works: each worker says every few seconds that it is there, with what, and how busy its machine is."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from sw_site.jobs.hosts import here, host_of, this_worker
from sw_site.jobs.models import Job, JobState, Worker

if TYPE_CHECKING:
    from sw_site.accounts.models import User

logger = logging.getLogger(__name__)

#: Beats a worker may miss before it counts as gone.
MISSED_BEATS = 4
FORGOTTEN_AFTER = timedelta(days=1)
#: What an app adds to a worker's report of its machine (training: processor, memory, GPUs).
READINGS: list[Callable[[], dict[str, Any]]] = []


@dataclass(frozen=True)
class Machine:
    """The workers of one machine. `reading` is what the last of them reported; `running` are jobs a person may see."""

    host: str
    workers: list[Worker]
    running: list[Job] = field(default_factory=list)

    @property
    def is_here(self) -> bool:
        return any(worker.is_alive for worker in self.workers)

    @property
    def latest(self) -> Worker:
        return max(self.workers, key=lambda worker: worker.seen_at)

    @property
    def reading(self) -> dict[str, Any]:
        return self.latest.reading

    @property
    def queues(self) -> list[str]:
        return sorted({queue for worker in self.workers if worker.is_alive for queue in worker.queues})


def machine_reading() -> dict[str, Any]:
    """What the apps report of this machine; one that fails is left out, for a worker has more to do than to tell."""
    reading: dict[str, Any] = {}
    for read in READINGS:
        try:
            reading |= read()
        except Exception:
            logger.exception("The machine could not be read")
    return reading


def report(queues: Sequence[str], reading: dict[str, Any]) -> None:
    """Say that this process is there and works on these queues."""
    values = {"host": here(), "queues": list(queues), "reading": reading, "seen_at": Now()}
    Worker.objects.update_or_create(name=this_worker(), defaults=values)


def forget_gone() -> int:
    return Worker.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]


def machines(user: User) -> list[Machine]:
    """Every machine that had a worker within a day; those that are there first, by name."""
    running: dict[str, list[Job]] = {}
    jobs = Job.objects.visible_to(user).filter(state=JobState.RUNNING).defer("log", "payload", "result")
    for job in jobs.order_by("pk"):
        running.setdefault(host_of(job.worker), []).append(job)
    found: dict[str, list[Worker]] = {}
    for worker in Worker.objects.order_by("name"):
        found.setdefault(worker.host, []).append(worker)
    rows = [Machine(host, workers, running.get(host, [])) for host, workers in found.items()]
    return sorted(rows, key=lambda machine: (not machine.is_here, machine.host))


def hosts(queue: str) -> list[str]:
    """Machines that take jobs of this queue now."""
    alive = [worker for worker in Worker.objects.all() if worker.is_alive and queue in worker.queues]
    return sorted({worker.host for worker in alive})


def queue_lengths() -> dict[str, Counter[str]]:
    """{queue: {state: number}} of what waits and runs, of everybody."""
    found: dict[str, Counter[str]] = {}
    rows = Job.objects.active().order_by().values_list("queue", "state").annotate(many=Count("pk"))
    for queue, state, many in rows:
        found.setdefault(queue, Counter())[state] = many
    return found


def alive_after() -> timedelta:
    return timedelta(seconds=max(30, MISSED_BEATS * settings.JOB_HEARTBEAT_SECONDS))
