"""Hand work to the background, or do it here and now, on the same Job row.

The row is the truth. A message to the workers says "there may be work in this queue" and no more, so a message that is
lost, late or doubled can neither lose a job nor run it twice: whoever gets one takes the job whose turn it is.
"""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from sw_site.jobs.backends import BrokerGone
from sw_site.jobs.context import JobContext, Reporter
from sw_site.jobs.errors import JobCancelled, JobError, WorkerStopping
from sw_site.jobs.hosts import plain, queue_for, this_worker
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.order import claim_next
from sw_site.lib.files.where import is_gone

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
    """Let workers take a waiting job from the moment the current transaction is committed."""
    Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(submitted_at=timezone.now())
    transaction.on_commit(lambda: announce(queue_for(job.queue, job.host)))


def announce(queue: str) -> bool:
    """Tell the workers of a queue that there may be work. False when the broker is gone; the job waits as a row."""
    try:
        look_for_work.using(queue_name=queue).enqueue(queue)
    except BrokerGone as error:
        logger.warning(
            "Nobody could be told of work in queue %s; it is taken when the broker is back: %s", queue, error
        )
        return False
    return True


@task()
def look_for_work(queue: str) -> int | None:
    """What a message makes a worker do. The id of the job that it ran, or None."""
    return run_next([plain(queue)])


def run_next(queues: list[str]) -> int | None:
    """Run the job whose turn it is in these queues, if there is one."""
    pk = claim_next(queues, this_worker())
    if pk is not None:
        run_claimed(pk)
    return pk


def prioritise(job: Job, priority: int) -> bool:
    """Move a waiting job forward or back among those of its queue. False when it is not waiting any more."""
    if not Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(priority=priority):
        return False
    job.refresh_from_db()
    return True


def send_to(job: Job, host: str) -> bool:
    """Let only this machine take a waiting job; an empty name lets any. False when it is not waiting any more."""
    if not Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(host=host):
        return False
    job.refresh_from_db()
    if job.submitted_at:
        transaction.on_commit(lambda: announce(queue_for(job.queue, job.host)))
    return True


def run_here(job: Job, report: Reporter | None = None) -> Job:
    """Run a job in this process (the command line's way) and give back the finished row."""
    if Job.objects.claim(job.pk, this_worker()):
        run_claimed(job.pk, report)
    job.refresh_from_db()
    return job


def run_claimed(job_id: int, report: Reporter | None = None) -> None:
    """Do the work of a job that this process has taken, and write how it ended."""
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
    except (OperationalError, InterfaceError) as error:
        logger.warning("Job %s lost its database: %s", job.pk, error)
        if not try_again(job, "The database was gone meanwhile; this goes on from where it was."):
            job.finish(JobState.FAILED, error=explain(error), log=job.log + traceback.format_exc(), message="Failed.")
    except Exception as error:
        if is_gone(error) and try_again(job, "The store of files was gone meanwhile; this goes on from where it was."):
            logger.warning("Job %s lost the store of files: %s", job.pk, error)
            return
        logger.exception("Job %s (%s) failed", job.pk, job.kind)
        job.finish(JobState.FAILED, error=explain(error), log=job.log + traceback.format_exc(), message="Failed.")
    else:
        if job.finish(JobState.SUCCEEDED, progress=1.0, result=result or {}, message=job.message):
            for act in context.afterwards:
                act()


def explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Nothing was half-written; free some space and start this again."
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return f"The disk cannot be written ({error.filename}). Ask whoever runs this site, then start this again."
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database did not answer, twice ({str(error).strip()}). Start this again when it does."
    if is_gone(error):
        return f"The store of the site's files did not answer, twice ({error}). Start this again when it does."
    return (
        f"The site itself failed ({type(error).__name__}: {error}). The log below says where. "
        "Start it again; if it fails the same way, send the log to whoever runs this site."
    )


def try_again(job: Job, message: str) -> bool:
    """Running -> queued while attempts are left; this one counts. False when none is, or the row had moved on."""
    rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
    if job.attempt >= job.max_attempts or not rows.update(state=JobState.QUEUED, message=message, worker=""):
        return False
    enqueue(job)
    return True


def put_back(job: Job, message: str) -> bool:
    """Running -> queued, keeping the attempt for later. False when the row had moved on."""
    rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
    if not rows.update(state=JobState.QUEUED, message=message, worker=""):
        return False
    if job.attempt:
        Job.objects.filter(pk=job.pk).update(attempt=job.attempt - 1)
    enqueue(job)
    return True


def retry(job: Job, *, deliver: bool = True) -> bool:
    """Queue a failed or cancelled job once more. False when it is in another state.

    Without `deliver` no worker hears of it: the caller does it with `run_here`.
    """
    rows = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
    fresh = {"error": "", "attempt": 0, "cancel_requested": False, "finished_at": None, "submitted_at": None}
    if not rows.update(state=JobState.QUEUED, message="Waiting to be tried again.", progress=0.0, **fresh):
        return False
    job.refresh_from_db()
    if deliver:
        enqueue(job)
    return True
