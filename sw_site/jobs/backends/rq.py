"""Messages as RQ jobs on Redis (django-rq): each runs in a forked process, and the admin pages show them."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any
from uuid import uuid4

import django_rq
from django.conf import settings
from django_tasks import TaskResult
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.worker import DequeueStrategy

from sw_site.jobs.backends import BrokerGone
from sw_site.jobs.backends.results import perform, sent
from sw_site.jobs.shutdown import stopping
from sw_site.lib.process import signal_with_parent

logger = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 1
NO_LIMIT, RESULT_SECONDS = -1, 3600


class RqSender(BaseTaskBackend):
    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        id = str(uuid4())
        try:
            _queue(task.queue_name).enqueue(
                perform,
                task.module_path,
                list(args),
                job_id=id,
                result_ttl=RESULT_SECONDS,
                description=f"{task.name} {task.queue_name}",
            )
        except RedisError as error:
            raise BrokerGone(str(error)) from error
        return sent(task, self.alias, id, args, kwargs)


def _queue(name: str) -> Any:
    # Whoever sends has somebody waiting: no second try here, `housekeeping` makes up for it. The transaction is over.
    connection = Redis.from_url(settings.REDIS_URL, retry=None)
    # Not a queue of django_rq's, which knows those of this machine only.
    return Queue(name, connection=connection, default_timeout=NO_LIMIT)


def pending(queue: str) -> int:
    try:
        return _queue(queue).count
    except RedisError as error:
        raise BrokerGone(str(error)) from error


class StoppableWorker(Worker):
    """Asks the job in the forked process to leave at its next safe point, so that a restart loses nothing."""

    #: A Redis that is back is noticed within so many seconds.
    max_connection_wait_time = 2.0

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()
        stopping.set()
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _stop)
        signal_with_parent()

    def handle_work_horse_killed(self, *args: Any) -> None:
        logger.warning("The process of a job was killed; its heartbeat will tell")


def _stop(signum: int, frame: FrameType | None) -> None:
    stopping.set()


def work(queues: list[str], interval: float, started: Callable[[], None]) -> None:
    """Until it is told to stop; without Redis it waits for it."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    started()
    while not stopping.is_set():
        try:
            if not _wait_for_redis():
                return
            worker = django_rq.get_worker(*queues, worker_class=StoppableWorker)
            worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)
        except RedisError as error:
            logger.warning("Redis went away: %s", error)


def _wait_for_redis() -> bool:
    """False when the worker was told to stop meanwhile."""
    said = False
    while not stopping.is_set():
        try:
            Redis.from_url(settings.REDIS_URL, retry=None).ping()
            return True
        except RedisError as error:
            if not said:
                logger.warning("Redis cannot be reached; waiting for it: %s", error)
            said = True
            time.sleep(LOOK_AGAIN_SECONDS)
    return False
