"""Messages as Celery tasks on Redis: confirmed late, one queue each, with the events that Flower shows."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django_tasks import TaskResult
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task
from kombu.exceptions import OperationalError

from sw_site.jobs.backends import BrokerGone
from sw_site.jobs.backends.results import perform, sent
from sw_site.jobs.hosts import plain
from sw_site.jobs.shutdown import stopping
from sw_site.lib import brokers
from sw_site.lib.process import signal_with_parent

logger = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")  # for `celery -A`, as monitors are started
app = Celery("sw_site")
app.conf.update(brokers.celery(settings.REDIS_URL))


@app.task(name="sw_site.perform")
def perform_task(path: str, args: list[Any]) -> Any:
    # Here and not when the process starts, because the pool resets its signals after every hook it has.
    signal.signal(signal.SIGTERM, _stop)
    return perform(path, args)


class CelerySender(BaseTaskBackend):
    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        try:
            # Whoever sends has somebody waiting: no second try here, `housekeeping` makes up for it.
            result = perform_task.apply_async(
                (task.module_path, list(args)), queue=task.queue_name, retry=False, argsrepr=repr(tuple(args))
            )
        except OperationalError as error:
            raise BrokerGone(str(error)) from error
        return sent(task, self.alias, str(result.id), args, kwargs)


def pending(queue: str) -> int:
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=0)
            return connection.default_channel.client.llen(queue)
    except (OperationalError, OSError) as error:
        raise BrokerGone(str(error)) from error


def work(queues: list[str], interval: float, started: Callable[[], None]) -> None:
    """One process that talks to Redis and one that works, until SIGTERM or SIGINT."""
    from celery.worker.state import active_requests  # much that whoever only sends does without

    @signals.worker_shutting_down.connect(weak=False)
    def ask_jobs_to_stop(**kwargs: Any) -> None:
        stopping.set()
        for process in {request.worker_pid for request in active_requests} - {None}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    @signals.worker_process_init.connect(weak=False)
    def in_the_working_process(**kwargs: Any) -> None:
        signal_with_parent()
        # Celery marks it a daemon, which may have no children; jobs read pictures in several processes.
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]

    @signals.worker_ready.connect(weak=False)
    def when_it_listens(**kwargs: Any) -> None:
        started()

    worker = app.Worker(
        hostname=f"{'-'.join(sorted({plain(name) for name in queues}))}-{os.getpid()}@{socket.gethostname()}",
        queues=queues,
        concurrency=1,
        pool="prefork",
        loglevel="WARNING",
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )
    worker.start()


def _stop(signum: int, frame: FrameType | None) -> None:
    stopping.set()
