"""Jobs that nobody works on any more, and the database under everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from sw_site.jobs.lost import give_up
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import enqueue
from sw_site.lib.findings import Finding, Scope

#: A job is handed over when its transaction is committed, which may be a moment after its row was made.
HANDED_OVER = timedelta(minutes=1)


def check_jobs(scope: Scope) -> Iterator[Finding]:
    scope.count("jobs", Job.objects.active().count())
    for job in Job.objects.lost():
        message = (
            f"Its worker ({job.worker}) has not been heard of since {job.heartbeat:%Y-%m-%d %H:%M}, and no other has "
            "taken it over: is a worker running? Mending gives it back to the queue, or fails it with what is known."
        )
        yield Finding("job_lost", f"job {job.pk} ({job.title})", message, partial(give_back, job))
    old = Job.objects.filter(state=JobState.QUEUED, created_at__lt=timezone.now() - HANDED_OVER)
    for job in old.filter(submitted_at__isnull=True):
        message = "It is waiting, and no worker will be told of it. Mending tells them."
        yield Finding("job_not_delivered", f"job {job.pk} ({job.title})", message, partial(deliver, job))


def give_back(job: Job) -> bool:
    give_up(job)
    return not Job.objects.lost().filter(pk=job.pk).exists()


def deliver(job: Job) -> bool:
    """Telling twice does no harm: a job is claimed once."""
    enqueue(job)
    return True


def check_database(scope: Scope) -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return  # Postgres holds its constraints by itself
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check" if scope.deep else "PRAGMA quick_check")
        for (said,) in cursor.fetchall():
            if said != "ok":
                yield Finding(
                    "database_damaged", "the SQLite file", f"{said}. Restore the latest backup that is whole."
                )
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _ in cursor.fetchall():
            message = f"It points at a row of {parent} that is gone. Send this line to whoever looks after the site."
            yield Finding("row_without_parent", f"row {row} of {table}", message)


def unapplied() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        message = (
            f"{len(plan)} changes of the tables are not made yet, so nothing else was looked at. Run: manage.py migrate"
        )
        yield Finding("migration_not_applied", str(plan[0][0]), message)
