"""What a running job holds in its hand: progress, log, heartbeat, and whether it should stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from sw_site.jobs.errors import JobCancelled, WorkerStopping
from sw_site.jobs.models import LOG_LIMIT, Job, JobState
from sw_site.jobs.shutdown import stopping
from sw_site.lib.log_context import job_id

logger = logging.getLogger(__name__)

WRITE_EVERY_SECONDS = 0.5

Reporter = Callable[[float, str], None]


class JobContext:
    """Given to the function that does the work.

    `progress(done, total, message)` and `log(line)` may be called as often as wished: rows are written twice a
    second at most. `check()` raises when the job should stop; call it wherever stopping is safe.
    """

    def __init__(self, job: Job, report: Reporter | None = None) -> None:
        self.job = job
        self._report = report
        self.afterwards: list[Callable[[], None]] = []
        self._lines: list[str] = []
        self._written = 0.0
        self._cancel = False
        self._end = threading.Event()
        self._beat = threading.Thread(target=self._keep_beating, daemon=True, name=f"heartbeat-{job.pk}")

    def __enter__(self) -> JobContext:
        self._log_token = job_id.set(self.job.pk)
        self._beat.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end.set()
        self.flush()
        job_id.reset(self._log_token)

    def when_done(self, act: Callable[[], None]) -> None:
        """What is to happen once the job's success is written, such as throwing away what it was made from.

        Before that, a worker that dies would leave an attempt behind that cannot be made again.
        """
        self.afterwards.append(act)

    def progress(self, done: float, total: float = 1.0, message: str = "") -> None:
        self.job.progress = min(1.0, done / total) if total else 0.0
        self.job.message = message[:300] or self.job.message
        if self._report:
            self._report(self.job.progress, self.job.message)
        self._write_now_and_then()

    def step(self, done: float, total: float = 1.0, message: str = "") -> None:
        """`check`, then `progress`: for work that may be stopped wherever it says how far it is."""
        self.check()
        self.progress(done, total, message)

    def log(self, line: str) -> None:
        self._lines.append(line)
        self._write_now_and_then()

    def check(self) -> None:
        self._write_now_and_then()
        if self._cancel:
            raise JobCancelled
        if stopping.is_set():
            raise WorkerStopping

    @property
    def should_stop(self) -> bool:
        self._write_now_and_then()
        return self._cancel or stopping.is_set()

    def flush(self) -> None:
        """Write progress and log now, and read whether somebody asked to cancel."""
        self._written = time.monotonic()
        if self._lines:
            self.job.log = (self.job.log + "\n".join(self._lines) + "\n")[-LOG_LIMIT:]
            self._lines.clear()
        rows = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempt=self.job.attempt)
        rows.update(progress=self.job.progress, message=self.job.message, log=self.job.log, heartbeat=timezone.now())
        # A row that is no longer ours (reaped and given to another worker) is a reason to stop as well.
        mine = rows.values_list("cancel_requested", flat=True).first()
        self._cancel = mine is None or mine

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written >= WRITE_EVERY_SECONDS:
            self.flush()

    def _keep_beating(self) -> None:
        """Says "alive" also while the work sits in one long call."""
        try:
            while not self._end.wait(settings.JOB_HEARTBEAT_SECONDS):
                rows = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempt=self.job.attempt)
                try:
                    rows.update(heartbeat=timezone.now())
                except DatabaseError as error:  # the next beat may get through; the limit is many beats long
                    logger.warning("Heartbeat of job %s not written: %s", self.job.pk, error)
        finally:
            connection.close()
