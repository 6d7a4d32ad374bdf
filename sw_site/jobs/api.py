"""Background work over the API: jobs, and who works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from sw_site.jobs import actions
from sw_site.jobs.access import job_for, job_to_change
from sw_site.jobs.models import Job
from sw_site.jobs.workers import Machine, machines, queue_lengths
from sw_site.lib.schemas import Body

router = Router(tags=["jobs"])


class JobRowOut(Schema):
    """A job. `progress` is 0 to 1; `host` is the only machine that may take it, empty for any; `page` what it is of."""

    id: int
    kind: str
    title: str
    queue: str
    state: str
    progress: float
    message: str
    error: str
    priority: int
    host: str
    worker: str
    attempt: int
    page: str = Field(alias="subject_url")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class WholeJobOut(JobRowOut):
    log: str


class MoveIn(Body):
    """A machine's name as under /workers; empty lets any machine take it."""

    host: str = Field(max_length=100)


class MachineOut(Schema):
    """A machine: `reading` is what its last worker reported of processor, memory (MB of 10^6 bytes) and GPUs."""

    host: str
    there: bool
    seen_at: datetime
    queues: list[str]
    workers: list[str]
    running: list[int]
    reading: dict[str, Any]


class WorkersOut(Schema):
    """`queues`: how many jobs of everybody wait and run in each."""

    machines: list[MachineOut]
    queues: dict[str, dict[str, int]]


@router.get("", response=list[JobRowOut])
@paginate
def list_jobs(
    request: HttpRequest,
    state: str = Query("", pattern="^(|queued|running|succeeded|failed|cancelled)$"),
    kind: str = Query("", max_length=40),
) -> QuerySet[Job]:
    """The newest first."""
    wanted = {name: value for name, value in (("state", state), ("kind", kind)) if value}
    return Job.objects.visible_to(request.user).filter(**wanted).defer("log", "payload", "result")


@router.get("/workers", response=WorkersOut)
def list_workers(request: HttpRequest) -> dict[str, Any]:
    """Machines and what they do, of what you may see; how long the queues are."""
    return workers_json(machines(request.user))  # type: ignore[arg-type]


@router.get("/{int:pk}", response=WholeJobOut)
def get_job(request: HttpRequest, pk: int) -> Job:
    return job_for(request, pk)


@router.post("/{int:pk}/cancel", response=WholeJobOut)
def cancel(request: HttpRequest, pk: int) -> Job:
    return actions.cancel_job(job_to_change(request, pk))


@router.post("/{int:pk}/retry", response=WholeJobOut)
def try_again(request: HttpRequest, pk: int) -> Job:
    return actions.retry_job(job_to_change(request, pk))


@router.post("/{int:pk}/host", response=WholeJobOut)
def move(request: HttpRequest, pk: int, data: MoveIn) -> Job:
    """Which machine a waiting job is for."""
    return actions.move_job(job_to_change(request, pk), data.host)


def workers_json(found: list[Machine]) -> dict[str, Any]:
    return {
        "machines": [
            {
                "host": one.host,
                "there": one.is_here,
                "seen_at": one.latest.seen_at,
                "queues": one.queues,
                "workers": [worker.name for worker in one.workers if worker.is_alive],
                "running": [job.pk for job in one.running],
                "reading": one.reading,
            }
            for one in found
        ],
        "queues": {queue: dict(states) for queue, states in queue_lengths().items()},
    }
