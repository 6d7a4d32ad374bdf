"""A site with real workers of one kind on real servers, driven from the test's own process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from django.db import connections
from django.test import override_settings
from django_tasks import task_backends

from sw_site.jobs.hosts import here
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import submit
from sw_site.lib import brokers
from tests.redis import RedisServer

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds: signs of life every second, lost after some of them, so that nobody waits a minute.
HEARTBEAT, LOST_AFTER = 1, 4
PATIENCE = 60


@dataclass
class Engine:
    """`database` is what DATABASE_URL says in its processes; its data lie in `folder`."""

    kind: str
    folder: Path
    database: str
    redis: RedisServer
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(
        self, queues: str = "default,gpu", interval: float = 0.1, **environment: str
    ) -> subprocess.Popen[bytes]:
        values = {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database,
            "SW_TASKS": self.kind,
            "REDIS_URL": self.redis.url,
            "SW_JOB_HEARTBEAT": str(HEARTBEAT),
            "SW_JOB_LOST_AFTER": str(LOST_AFTER),
            "DJANGO_SETTINGS_MODULE": "sw_site.settings",
        }
        argv = [sys.executable, "manage.py", "worker", "--queues", queues, "--interval", str(interval)]
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                argv, cwd=ROOT, env={**os.environ, **values, **environment}, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    def submit(self, work: Callable[..., Any], user: Any = None, **payload: Any) -> Job:
        fields = {key: payload.pop(key) for key in ("queue", "priority", "host") if key in payload}
        return submit(work, kind="test", title=f"A {work.__name__}", payload=payload, user=user, **fields)

    def wait(self, job: Job, *states: str, seconds: float = PATIENCE) -> Job:
        """The job once it is in one of these states."""
        self.until(lambda: Job.objects.get(pk=job.pk).state in states, f"{job.title} becomes {states}", seconds)
        job.refresh_from_db()
        return job

    def until(self, happened: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                rows = list(
                    Job.objects.order_by("pk").values_list("pk", "title", "state", "worker", "attempt", "error")
                )
                raise AssertionError(f"Not within {seconds} s: {what}\n{rows}\n{self.log.read_text()[-6000:]}")
            time.sleep(0.03)

    def owner(self, job: Job) -> subprocess.Popen[bytes]:
        """The worker in whose processes a running job is."""
        pid = int(Job.objects.get(pk=job.pk).worker.rpartition(":")[2])
        parents = {pid, *(parent.pid for parent in psutil.Process(pid).parents())}
        return next(worker for worker in self.workers if worker.pid in parents)

    def stop_all(self) -> None:
        for worker in self.workers:
            kill(worker.pid)
            worker.wait()


def kill(pid: int) -> None:
    """kill -9 a process and all below it at once.

    They are halted first: a child that outlives its parent for a millisecond is told so, and may put its job back.
    """
    family: list[psutil.Process] = []
    try:
        family.append(psutil.Process(pid))
        family[0].suspend()
        family += family[0].children(recursive=True)
    except psutil.NoSuchProcess:
        pass
    for member in family:
        with_nothing(member.suspend)
    for member in family:
        with_nothing(member.kill)


def with_nothing(act: Callable[[], Any]) -> None:
    try:
        act()
    except psutil.NoSuchProcess:
        return


@contextmanager
def sending(kind: str, redis: RedisServer) -> Iterator[None]:
    """This process sends its messages as a web process of that site does."""
    url = brokers.redis_url(redis.url)
    values = {
        "SW_TASKS": kind,
        "TASKS": brokers.tasks(kind),
        "REDIS_URL": url,
        "RQ_QUEUES": brokers.rq_queues(url, here()),
    }
    with override_settings(**values):
        forget_sender()
        if kind == "celery":
            from sw_site.jobs.backends.celery import app

            app.conf.update(brokers.celery(url))
        yield
    forget_sender()


def forget_sender() -> None:
    """The task library keeps what the settings said when it was first asked."""
    task_backends._settings = None
    task_backends.__dict__.pop("settings", None)
    if hasattr(task_backends._connections, "default"):
        del task_backends["default"]


def new_database(values: dict[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """A copy of a migrated Postgres in the same server: its address and its settings."""
    import psycopg

    host, user = values["HOST"], values["USER"]
    with psycopg.connect(host=host, user=user, dbname="template1", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{values["NAME"]}"')
    return f"postgres://{user}@{quote(host, safe='')}/{name}", {**values, "NAME": name}


def close_connections() -> None:
    connections.close_all()


def is_active(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).state in (JobState.QUEUED, JobState.RUNNING)
