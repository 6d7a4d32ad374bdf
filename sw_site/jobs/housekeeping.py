"""What every worker does beside its work: jobs whose worker died, work that is due, messages that were lost."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError

from sw_site.jobs.backends import BrokerGone, backend
from sw_site.jobs.hosts import here, queue_for
from sw_site.jobs.lost import LostJobs
from sw_site.jobs.order import waiting
from sw_site.jobs.queue import announce
from sw_site.jobs.schedule import submit_due
from sw_site.jobs.shutdown import stopping
from sw_site.jobs.workers import machine_reading, report

logger = logging.getLogger(__name__)

#: Messages sent for one queue in one round at most; the next round sends more.
MOST_MESSAGES = 100
#: Held during a round: the process is not forked while the thread is in the middle of a database connection. Only for
#: so long, because whoever forks may hold what the thread waits for.
_round = threading.RLock()
WAIT_TO_FORK_SECONDS = 2
_held: list[bool] = []


def _before_fork() -> None:
    _held.append(_round.acquire(timeout=WAIT_TO_FORK_SECONDS))


def _after_fork() -> None:
    if _held.pop():
        _round.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


class Housekeeper(threading.Thread):
    """A thread of a worker process. Any number of workers may do this at once: every step is a conditional update."""

    def __init__(self, queues: list[str]) -> None:
        super().__init__(daemon=True, name="housekeeper")
        self.queues = queues
        self.lost_jobs = LostJobs()

    def run(self) -> None:
        while not stopping.is_set():
            reading = machine_reading()  # asks programs, which may take its time; nobody waits for it to fork
            with _round:
                self.keep_house(reading)
                connection.close()
            stopping.wait(settings.JOB_HEARTBEAT_SECONDS)

    def keep_house(self, reading: dict[str, Any]) -> None:
        try:
            for job in self.lost_jobs.reap():
                logger.warning("Job %s had lost its worker", job.pk)
            submit_due()
            report(self.queues, reading)
            for queue in self.queues:
                top_up(queue, "")
                top_up(queue, here())
        except BrokerGone as error:
            logger.warning("The broker is gone; jobs wait as rows until it is back: %s", error)
        except DatabaseError as error:
            logger.warning("Could not look after the jobs: %s", error)


def top_up(queue: str, host: str) -> int:
    """Send the messages that waiting jobs lack: lost ones, and those that nobody could send. Gives their number.

    `host`: of the jobs that are for this machine alone; empty for those that any may take.
    """
    jobs, messages = waiting([queue]).filter(host=host).count(), queue_for(queue, host)
    missing = min(jobs - backend().pending(messages), MOST_MESSAGES) if jobs else 0
    for _ in range(missing):
        if not announce(messages):
            break
    return max(0, missing)
