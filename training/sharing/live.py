"""A folder that is sent again and again while something works in it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError

from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import Job, JobState
from sw_site.lib.files.where import bucket, is_gone
from training.sharing.folder import SharedFolder

logger = logging.getLogger(__name__)
#: Between two tries to send what a job has made.
TRY_AGAIN_SECONDS = 5.0
AWAY = "Done here; waiting for the bucket to take the files."
NOT_THERE = "Waiting for the bucket, which does not answer."


@contextmanager
def sent_meanwhile(shared: SharedFolder, context: JobContext) -> Iterator[None]:
    """Send the folder every now and then while the block works in it, and once at its end, however that comes."""
    with shared.at_work():
        if bucket() is None:
            yield
            return
        sending = Sending(shared, owner(context.job))
        sending.start()
        try:
            yield
        finally:
            sending.end.set()
            sending.join()
            sending.try_to_send()


class Sending(threading.Thread):
    """What does not get through goes with the next one: the work itself waits for nothing."""

    def __init__(self, shared: SharedFolder, still_mine: Callable[[], bool]) -> None:
        super().__init__(daemon=True, name=f"sending {shared.name}")
        self.shared, self.still_mine, self.end = shared, still_mine, threading.Event()

    def run(self) -> None:
        try:
            while not self.end.wait(settings.SHARE_RUNS_SECONDS):
                self.try_to_send()
        finally:
            connection.close()

    def try_to_send(self) -> None:
        try:
            self.shared.send(still_mine=self.still_mine)
        except (OSError, DatabaseError) as error:
            logger.warning("%s was not sent; it is tried again: %s", self.shared.name, error)


def owner(job: Job) -> Callable[[], bool]:
    """Asks whether a running job is still this attempt's: another machine may have been given it."""
    rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt, worker=job.worker)
    return lambda: rows.select_for_update().first() is not None


def send_surely(shared: SharedFolder, context: JobContext, *parts: str) -> None:
    """Send what a job has made. Raises JobCancelled where another machine has the job by now."""
    still_mine = owner(context.job)
    surely(lambda: shared.send(*parts, still_mine=still_mine), context, AWAY)
    with transaction.atomic():
        if not still_mine():
            raise JobCancelled


def surely(ask: Callable[[], object], context: JobContext, waiting: str) -> None:
    """Ask the bucket for something, again and again until it answers, or the job is cancelled or stopped."""
    while True:
        try:
            ask()
            return
        except Exception as error:
            if not is_gone(error):
                raise
            logger.warning("Job %s: tried again in a moment: %s", context.job.pk, error)
        context.step(context.job.progress, 1.0, waiting)
        wait_until = time.monotonic() + TRY_AGAIN_SECONDS
        while time.monotonic() < wait_until:
            context.check()
            time.sleep(0.2)
