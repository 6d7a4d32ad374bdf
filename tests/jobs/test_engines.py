"""The same story on each back end: real workers, a real Redis, SQLite and Postgres.

One site a back end serves the whole file. Two workers take both queues; a test that ends one starts another.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta

import psutil
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sw_site.databases import sqlite
from sw_site.jobs.backends import backend
from sw_site.jobs.hosts import here
from sw_site.jobs.models import Job, ScheduledWork
from sw_site.jobs.queue import announce, send_to
from sw_site.jobs.workers import hosts
from tests.factories import make_dataset, make_image, make_user
from tests.jobs import works
from tests.jobs.engines import LOST_AFTER, Engine, close_connections, kill, new_database, sending
from tests.postgres import as_default
from tests.redis import RedisServer, redis_server

KINDS = ["database", "rq", "celery"]
ON_REDIS = pytest.mark.parametrize("engine", ["rq", "celery"], indirect=True)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def empty_sqlite(tmp_path_factory, django_db_blocker):
    file = tmp_path_factory.mktemp("empty") / "db.sqlite3"
    with django_db_blocker.unblock(), as_default(sqlite(file)):
        call_command("migrate", verbosity=0)
    return file


@pytest.fixture(scope="module", params=KINDS)
def engine(request, redis, empty_sqlite, tmp_path_factory, django_db_blocker) -> Iterator[Engine]:
    """Celery stands on Postgres, the others on SQLite."""
    kind, folder = request.param, tmp_path_factory.mktemp(request.param)
    if kind == "celery":
        url, values = new_database(request.getfixturevalue("postgres"), f"jobs_{time.monotonic_ns()}")
    else:
        url, values = "", sqlite(shutil.copy(empty_sqlite, folder / "db.sqlite3"))
    site = Engine(kind, folder, url, redis)
    with django_db_blocker.unblock(), as_default(values), sending(kind, redis):
        try:
            site.start_worker()
            site.start_worker()
            yield site
        finally:
            site.stop_all()
            close_connections()


@pytest.fixture
def person(engine):
    """A browser of the site, signed in."""
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


@pytest.fixture
def go(engine, tmp_path):
    """A file that lets waiting jobs end; they end with the test in any case."""
    file = tmp_path / "go"
    yield file
    file.touch()
    engine.until(lambda: not Job.objects.active().exists(), "all jobs have ended")


def running_until(engine: Engine, file, **fields) -> Job:
    job = engine.submit(works.wait_for_file, file=str(file), **fields)
    return engine.wait(job, "running")


def lines(file) -> list[str]:
    return file.read_text().split() if file.exists() else []


def test_a_job_runs_and_its_page_shows_it(engine, person):
    job = engine.wait(engine.submit(works.add_up, numbers=[1, 2]), "succeeded", "failed")
    assert (job.state, job.result, job.progress, job.log) == ("succeeded", {"sum": 3}, 1.0, "line 1\nline 2\n")
    page = person.get(job.get_absolute_url()).content.decode()
    assert "added 2" in page and "line 2" in page


def test_a_job_may_start_processes(engine):
    job = engine.wait(engine.submit(works.in_processes, numbers=[-1, 2]), "succeeded", "failed")
    assert (job.state, job.result) == ("succeeded", {"sizes": [1, 2]}), job.log


def test_progress_cancel_and_retry_of_a_running_job(engine, person, go):
    job = running_until(engine, go)
    engine.until(lambda: Job.objects.get(pk=job.pk).progress == 0.5, "progress is written")
    person.post(reverse("jobs:job-cancel", args=[job.pk]))
    engine.wait(job, "cancelled")
    go.touch()
    person.post(reverse("jobs:job-retry", args=[job.pk]))
    assert engine.wait(job, "succeeded").result["attempt"] == 1


def test_a_message_delivered_again_and_again_runs_its_job_once(engine, tmp_path):
    file = tmp_path / "said"
    job = engine.submit(works.note, file=str(file), word="once")
    for _ in range(5):
        announce("default")
    engine.wait(job, "succeeded")
    engine.until(lambda: backend().pending("default") == 0, "all messages are read")
    assert lines(file) == ["once"]


def test_a_job_for_one_machine_is_done_there(engine, tmp_path):
    """Those that may take anything leave it alone, and it waits while its machine is not there."""
    said = tmp_path / "said"
    bound = engine.submit(works.note, file=str(said), word="bound", host="far-away")
    engine.wait(engine.submit(works.note, file=str(said), word="free"), "succeeded")
    assert lines(said) == ["free"] and Job.objects.get(pk=bound.pk).state == "queued"
    far = engine.start_worker(SW_HOST_NAME="far-away")
    done = engine.wait(bound, "succeeded")
    assert lines(said) == ["free", "bound"] and done.worker.startswith("far-away:")
    engine.until(lambda: "far-away" in hosts("default"), "the machine is known")
    later = engine.submit(works.note, file=str(said), word="later", host="far-away")
    assert engine.wait(later, "succeeded").worker.startswith("far-away:")
    engine.workers.remove(far)
    kill(far.pid)
    far.wait()


def test_a_waiting_job_is_sent_to_another_machine(engine, tmp_path):
    said = tmp_path / "said"
    job = engine.submit(works.note, file=str(said), word="moved", host="nowhere")
    assert send_to(job, here())
    assert engine.wait(job, "succeeded").worker.startswith(f"{here()}:")


def test_priorities_and_turns(engine, tmp_path, go):
    """One worker is kept busy; the other does what is waiting, one after another."""
    busy, held = [tmp_path / "busy", tmp_path / "held"], []
    for file in busy:
        held.append(running_until(engine, file))
    said, alice, bob = tmp_path / "said", make_user(), make_user()
    for number in range(6):
        engine.submit(works.note, alice, file=str(said), word=f"alice-{number}")
    engine.submit(works.note, bob, file=str(said), word="bob")
    last = engine.submit(works.note, alice, file=str(said), word="urgent", priority=50)
    engine.wait(last, "queued")
    busy[0].touch()
    engine.until(lambda: len(lines(said)) == 8, "all are done")
    busy[1].touch()
    order = lines(said)
    assert order[0] == "urgent" and order.index("bob") <= 2
    assert [word for word in order if word.startswith("alice")] == [f"alice-{number}" for number in range(6)]


def test_a_gpu_is_held_by_one_job_at_a_time(engine, tmp_path):
    file = tmp_path / "held"
    jobs = [engine.submit(works.hold_gpu, file=str(file), seconds=0.5, queue="gpu") for _ in range(2)]
    engine.until(lambda: all(Job.objects.get(pk=job.pk).started_at for job in jobs), "both are on their way")
    for job in jobs:
        engine.wait(job, "succeeded")
    assert lines(file) == ["in", "out", "in", "out"]


def test_a_worker_that_is_stopped_puts_its_job_back_and_another_goes_on(engine, go):
    job = running_until(engine, go)
    worker, before = engine.owner(job), job.worker
    worker.terminate()
    assert worker.wait(30) == 0
    engine.workers.remove(worker)
    engine.until(lambda: Job.objects.get(pk=job.pk).worker not in ("", before), "another worker has it")
    go.touch()
    assert engine.wait(job, "succeeded").result["attempt"] == 1
    engine.start_worker()


def test_killed_workers_and_killed_processes_lose_no_job(engine, go):
    first, second = running_until(engine, go), running_until(engine, go)
    whole = engine.owner(first)
    kill(whole.pid)
    # What the kernel does when memory runs out: it takes the process that works, and leaves its parent.
    psutil.Process(int(second.worker.rpartition(":")[2])).kill()
    engine.workers.remove(whole)
    for _ in range(2 if engine.kind == "database" else 1):
        engine.start_worker()
    for job in (first, second):
        engine.until(lambda job=job: Job.objects.get(pk=job.pk).attempt == 2, "it is tried again")
    go.touch()
    for job in (first, second):
        assert engine.wait(job, "succeeded").result["attempt"] == 2


def test_clocks_that_are_moved_neither_lose_nor_double_a_job(engine, tmp_path, go):
    """Each of the two workers has a job in which the clock moves; they judge each other's heartbeats."""
    clocks = {hours: tmp_path / f"clock{hours}" for hours in (5, -5)}
    jobs = {}
    for hours, clock in clocks.items():
        clock.write_text("0")
        job = engine.submit(works.wait_with_clock, file=str(go), clock=str(clock))
        jobs[hours] = engine.wait(job, "running")
    for hours, clock in clocks.items():
        clock.write_text(str(hours))
    engine.until(lambda: all(ahead(jobs[hours]) * hours > 20 for hours in jobs), "their clocks are ten hours apart")
    time.sleep(1.5 * LOST_AFTER)
    go.touch()
    assert [engine.wait(job, "succeeded").result["attempt"] for job in jobs.values()] == [1, 1]


def ahead(job: Job) -> float:
    """Hours by which the heartbeat of a job is ahead of the true time."""
    return (Job.objects.get(pk=job.pk).heartbeat - timezone.now()) / timedelta(hours=1)


def test_what_comes_back_by_the_clock_is_started_once(engine, settings):
    settings.MEDIA_ROOT = engine.folder / "media"
    image = make_image(make_dataset(), has_thumbnails=False)
    engine.until(lambda: ScheduledWork.objects.count() == len(settings.JOB_SCHEDULE), "workers know what comes back")
    row = ScheduledWork.objects.get(name="missing thumbnails")
    ScheduledWork.objects.update(last_at=row.last_at - timedelta(days=2))
    titles = {"Clean-up of sessions and messages", "Clean-up of uploads", f"Thumbnails of {image.dataset.name}"}
    jobs = Job.objects.filter(title__in=titles)
    engine.until(lambda: jobs.filter(state="succeeded").count() == 3, "all three are done")
    assert sorted(jobs.values_list("title", flat=True)) == sorted(titles)
    image.refresh_from_db()
    assert image.has_thumbnails


@ON_REDIS
def test_with_redis_gone_the_site_goes_on_and_jobs_wait_for_its_return(engine, person, tmp_path, go):
    said = tmp_path / "said"
    job = running_until(engine, go)
    engine.redis.stop()
    waiting = engine.submit(works.note, file=str(said), word="later")
    assert person.get(reverse("jobs:job-list")).status_code == 200
    go.touch()
    engine.wait(job, "succeeded")
    waiting.refresh_from_db()
    assert waiting.state == "queued"
    engine.redis.start()
    engine.wait(waiting, "succeeded")
    assert lines(said) == ["later"] and all(worker.poll() is None for worker in engine.workers)


@ON_REDIS
def test_a_redis_that_lost_everything_loses_no_job(engine, tmp_path, go):
    running = [running_until(engine, go) for _ in range(2)]
    said = tmp_path / "said"
    waiting = [engine.submit(works.note, file=str(said), word=str(number)) for number in range(5)]
    engine.redis.stop()
    engine.redis.start()
    go.touch()
    for job in running + waiting:
        engine.wait(job, "succeeded")
    assert sorted(lines(said)) == ["0", "1", "2", "3", "4"]
