"""A worker: takes jobs from the queues named, and gives lost jobs another chance."""

from __future__ import annotations

import logging
import threading
from argparse import ArgumentParser
from types import FrameType

from django.db import close_old_connections
from django.db.utils import DatabaseError
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Command as DatabaseWorkerCommand
from django_tasks_db.management.commands.db_worker import Worker

from sw_site.jobs.context import stopping
from sw_site.jobs.queue import reap_lost_jobs
from sw_site.lib.process import die_with_parent

logger = logging.getLogger(__name__)
REAP_EVERY_SECONDS = 15


class StoppableWorker(Worker):
    """Tells the job it is running to leave at its next safe point, so that a restart loses nothing."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        stopping.set()
        super().shutdown(signum, frame)


class Command(DatabaseWorkerCommand):
    help = "Run background work from the database queue (queues: default, gpu)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", default="default,gpu", help="Comma-separated (default: %(default)s).")
        parser.add_argument("--interval", type=float, default=0.5, help="Seconds between looks at an empty queue.")
        parser.add_argument("--batch", action="store_true", help="Do what is waiting, then leave.")

    def handle(self, *, verbosity: int, queues: str, interval: float, batch: bool, **options: object) -> None:  # type: ignore[override]
        die_with_parent()
        worker = StoppableWorker(
            queue_names=queues.split(","),
            interval=interval,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        threading.Thread(target=keep_reaping, daemon=True, name="reaper").start()
        worker.run()


def keep_reaping() -> None:
    while True:
        try:
            close_old_connections()
            for job in reap_lost_jobs():
                logger.warning("Job %s had lost its worker", job.pk)
        except DatabaseError as error:
            logger.warning("Could not look for lost jobs: %s", error)
        if stopping.wait(REAP_EVERY_SECONDS):
            return
