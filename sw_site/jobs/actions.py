"""What people do with jobs, for pages, API and command line alike. UserError says why something cannot be."""

from __future__ import annotations

from sw_site.jobs.models import Job
from sw_site.jobs.queue import retry, send_to
from sw_site.jobs.workers import hosts
from sw_site.lib.errors import UserError


def cancel_job(job: Job) -> Job:
    if not job.is_active:
        raise UserError("not_active", f"“{job.title}” has ended already, so there is nothing to cancel.", 409)
    job.request_cancel()
    return job


def retry_job(job: Job) -> Job:
    if not retry(job):
        raise UserError(
            "not_ended", f"“{job.title}” is not failed or cancelled, so there is nothing to try again.", 409
        )
    return job


def move_job(job: Job, host: str) -> Job:
    """Let one machine alone take a waiting job; an empty name lets any."""
    refuse_unknown_host(host, job.queue)
    if not send_to(job, host):
        raise UserError("not_waiting", f"“{job.title}” is not waiting any more.", 409)
    return job


def refuse_unknown_host(host: str, queue: str) -> None:
    """UserError where no worker of that machine takes such jobs now."""
    known = hosts(queue)
    if host and host not in known:
        words = f"Choose one of {', '.join(known)}" if known else "No worker is there"
        raise UserError(
            "no_such_machine", f"No machine “{host[:60]}” takes such work now. {words}, or leave it open.", 422
        )
