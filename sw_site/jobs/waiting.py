"""Running a job in this process while somebody waits at a terminal."""

from __future__ import annotations

from django.core.management.base import CommandError

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.commands import progress_bar
from sw_site.lib.errors import UserError


def wait_for(job: Job, description: str, *, quiet: bool = False, code: str = "job_failed", kept: str) -> Job:
    """The finished job. UserError `code` with its sentence; Ctrl-C cancels the job and ends the command.

    `kept` tells whoever cancels what is left of the work.
    """
    try:
        with progress_bar(description, quiet=quiet) as report:
            job = run_here(job, report)
    except KeyboardInterrupt:
        job.refresh_from_db()
        job.finish(JobState.CANCELLED, message="Cancelled from the keyboard.")
        raise CommandError(f"Cancelled. {kept}", returncode=130) from None
    if job.state != JobState.SUCCEEDED:
        raise UserError(code, job.error or f"{job.title}: {job.get_state_display().lower()}. {job.message}")
    return job
