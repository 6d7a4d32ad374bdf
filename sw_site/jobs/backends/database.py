"""Messages as rows of the site's own database (django-tasks-db): nothing to install."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import FrameType

from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from sw_site.jobs.shutdown import stopping


class StoppableWorker(Worker):
    """Tells the job it is running to leave at its next safe point, so that a restart loses nothing."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        stopping.set()
        super().shutdown(signum, frame)


def pending(queue: str) -> int:
    return DBTaskResult.objects.filter(status=TaskResultStatus.READY, queue_name=queue).count()


def forget(before: datetime) -> int:
    """Delete messages that were done with before this time. Gives their number."""
    return DBTaskResult.objects.finished().filter(finished_at__lt=before).delete()[0]


def work(queues: list[str], interval: float, started: Callable[[], None]) -> None:
    worker = StoppableWorker(
        queue_names=queues,
        interval=interval,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
    worker.configure_signals()
    started()
    worker.run()
