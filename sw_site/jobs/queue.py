"""Hand work to the background, or do it here and now, on the same Job row. The only user of the task library."""

from __future__ import annotations

import logging
import os
import socket
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from sw_site.jobs.context import JobContext, Reporter
from sw_site.jobs.errors import JobCancelled, JobError, WorkerStopping
from sw_site.jobs.models import Job, JobState

if TYPE_CHECKING:
    from sw_site.accounts.models import User

logger = logging.getLogger(__name__)

Work = Callable[..., dict[str, Any] | None]


def create_job(work: Work, *, kind: str, title: str, payload: dict[str, Any], **fields: Any) -> Job:
    """A Job row for `work(context, **payload)`; `payload` holds ids and plain values only (JSON)."""
    handler = f"{work.__module__}.{work.__qualname__}"
    return Job.objects.create(handler=handler, kind=kind, title=title[:200], payload=payload, **fields)


def submit(
    work: Work, *, kind: str, title: str, payload: dict[str, Any], user: User | None = None, **fields: Any
) -> Job:
    """Queue `work(context, **payload)` once the current transaction is committed."""
    job = create_job(work, kind=kind, title=title, payload=payload, user=user, **fields)
    enqueue(job)
    return job


def enqueue(job: Job) -> None:
    transaction.on_commit(lambda: run_job.using(queue_name=job.queue, priority=job.priority).enqueue(job.pk))


def prioritise(job: Job, priority: int) -> bool:
    """Move a waiting job forward or back among those of its queue. False when it is not waiting any more."""
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(priority=priority):
            return False
        waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, queue_name=job.queue)
        for delivery in waiting.only("pk", "args_kwargs"):
            if delivery.args_kwargs["args"] == [job.pk]:
                DBTaskResult.objects.filter(pk=delivery.pk).update(priority=priority)
    job.refresh_from_db()
    return True


def queue_order(queue: str) -> list[int]:
    """Ids of the jobs a worker of this queue would take, in its order."""
    waiting = DBTaskResult.objects.ready().filter(queue_name=queue)
    return [delivery.args_kwargs["args"][0] for delivery in waiting.only("args_kwargs")]


@task()
def run_job(job_id: int) -> None:
    """What a worker runs. A row that is gone, taken, or cancelled meanwhile is left alone."""
    run_claimed(job_id)


def run_here(job: Job, report: Reporter | None = None) -> Job:
    """Run a job in this process (the command line's way) and give back the finished row."""
    run_claimed(job.pk, report)
    job.refresh_from_db()
    return job


def run_claimed(job_id: int, report: Reporter | None = None) -> None:
    if not Job.objects.claim(job_id, worker=f"{socket.gethostname()}:{os.getpid()}"):
        return
    job = Job.objects.get(pk=job_id)
    work: Work = import_string(job.handler)
    try:
        with JobContext(job, report) as context:
            result = work(context, **job.payload)
    except JobCancelled:
        job.finish(JobState.CANCELLED, message="Cancelled.")
    except WorkerStopping:
        put_back(job, "The worker was stopped; this goes on when one is back.")
    except JobError as error:
        job.finish(JobState.FAILED, error=str(error), message="Failed.")
    except Exception as error:
        logger.exception("Job %s (%s) failed", job.pk, job.kind)
        job.finish(JobState.FAILED, error=explain(error), log=job.log + traceback.format_exc(), message="Failed.")
    else:
        job.finish(JobState.SUCCEEDED, progress=1.0, result=result or {}, message=job.message)


def explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk is full. Nothing was half-written; free some space and start this again."
    return (
        f"The site itself failed ({type(error).__name__}: {error}). The log below says where. "
        "Start it again; if it fails the same way, send the log to whoever runs this site."
    )


def put_back(job: Job, message: str) -> bool:
    """Running -> queued, keeping the attempt for later. False when the row had moved on."""
    rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
    if not rows.update(state=JobState.QUEUED, message=message, worker=""):
        return False
    if job.attempt:
        Job.objects.filter(pk=job.pk).update(attempt=job.attempt - 1)
    enqueue(job)
    return True


def reap_lost_jobs() -> list[Job]:
    """Give jobs whose worker died another try, or fail them with what is known. Called now and then by every worker."""
    reaped = []
    for job in Job.objects.lost():
        rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
        if job.cancel_requested:
            job.finish(JobState.CANCELLED, message="Cancelled; its worker had died.")
        elif job.attempt < job.max_attempts:
            if rows.update(state=JobState.QUEUED, message="Its worker died; starting again from where it was."):
                enqueue(job)
        else:
            job.finish(
                JobState.FAILED,
                message="Failed.",
                error=f"The worker died {job.attempt} times while doing this, perhaps for lack of memory. "
                "Try a smaller batch or image size, or look at the log below.",
            )
        reaped.append(job)
    return reaped


def retry(job: Job, *, deliver: bool = True) -> bool:
    """Queue a failed or cancelled job once more. False when it is in another state.

    Without `deliver` no worker hears of it: the caller does it with `run_here`.
    """
    rows = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
    fresh = {"error": "", "attempt": 0, "cancel_requested": False, "finished_at": None, "progress": 0.0}
    if not rows.update(state=JobState.QUEUED, message="Waiting to be tried again.", **fresh):
        return False
    job.refresh_from_db()
    if deliver:
        enqueue(job)
    return True
