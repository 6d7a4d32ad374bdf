"""Jobs whose worker died: found by a heartbeat that stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import enqueue

#: Beats that an old heartbeat must have missed before our eyes.
MISSED_BEATS = 3


class LostJobs:
    """Watches the heartbeats of running jobs.

    Clocks of machines differ and are moved, so the age of a heartbeat alone proves nothing. A job is lost when its
    heartbeat stood still for the whole limit by a clock that only goes forward; or when it looks too old and stood
    still for some beats as well, so that a site that was down for hours does not wait once more.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[int, int], tuple[datetime | None, float]] = {}

    def reap(self) -> list[Job]:
        """Give each lost job another try, or fail it with what is known. Called now and then by every worker."""
        jobs = self.find()
        for job in jobs:
            give_up(job)
        return jobs

    def find(self) -> list[Job]:
        now, lost, seen = self._clock(), [], {}
        limit = settings.JOB_LOST_AFTER_SECONDS
        few_beats = min(limit, MISSED_BEATS * settings.JOB_HEARTBEAT_SECONDS)
        for job in Job.objects.filter(state=JobState.RUNNING).defer("log", "payload", "result"):
            key = (job.pk, job.attempt)
            heartbeat, since = self._seen.get(key, (None, now))
            since = since if heartbeat == job.heartbeat else now
            seen[key] = (job.heartbeat, since)
            old = job.heartbeat is None or job.heartbeat < timezone.now() - timedelta(seconds=limit)
            if now - since >= (few_beats if old else limit):
                lost.append(job)
        self._seen = seen
        return lost


def give_up(job: Job) -> None:
    """Running -> queued while attempts are left, else failed; cancelled when somebody had asked for that."""
    if job.cancel_requested:
        job.finish(JobState.CANCELLED, message="Cancelled; its worker had died.")
    elif job.attempt < job.max_attempts:
        # The heartbeat as well: one that came this moment shows that the worker lives.
        rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt, heartbeat=job.heartbeat)
        if rows.update(state=JobState.QUEUED, message="Its worker died; starting again from where it was."):
            enqueue(job)
    else:
        job.finish(
            JobState.FAILED,
            message="Failed.",
            error=f"The worker died {job.attempt} times while doing this, perhaps for lack of memory. "
            "Try a smaller batch or image size, or look at the log below.",
        )
