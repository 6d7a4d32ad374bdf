"""Two machines that train, with a network between them and the site; one is cut off in the middle of its run.

The machines share a folder of files, as a file server would give them; database and Redis are reached over the network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote, urlsplit

import psutil
import pytest

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import enqueue
from sw_site.jobs.workers import hosts as known_hosts
from tests.factories import make_version
from tests.jobs import works
from tests.jobs.engines import close_connections, kill, new_database, sending
from tests.jobs.hosts import NETWORK, NoNetworks, network, reachable
from tests.postgres import as_default
from tests.redis import redis_server
from training.actions import start_run
from training.config import TrainingSettings
from training.models import Run

LOST_AFTER, PATIENCE = 16, 3


@pytest.fixture(scope="module")
def world(postgres, tmp_path_factory, django_db_blocker) -> Iterator[SimpleNamespace]:
    """A site on Postgres and Redis (rq), and the machines "near" and "far" with a worker each."""
    folder = tmp_path_factory.mktemp("hosts")
    url, values = new_database(postgres, f"hosts_{time.monotonic_ns()}")
    place = urlsplit(url)
    socket_file = f"{unquote(place.hostname or '')}/.s.PGSQL.5432"
    try:
        with (
            network("near", "far", folder=folder) as hosts,
            redis_server() as redis,
            reachable(socket_file) as database,
            reachable(redis.port) as broker,
            django_db_blocker.unblock(),
            as_default(values),
            sending("rq", redis),
        ):
            environment = {
                "DATA_DIR": str(folder),
                "DATABASE_URL": f"postgres://sw@{NETWORK}.1:{database}/{quote(place.path[1:])}",
                "SW_TASKS": "rq",
                "REDIS_URL": f"redis://{NETWORK}.1:{broker}/0",
                "SW_JOB_HEARTBEAT": "1",
                "SW_JOB_LOST_AFTER": str(LOST_AFTER),
                "SW_DATABASE_PATIENCE": str(PATIENCE),
                "DJANGO_SETTINGS_MODULE": "sw_site.settings",
            }
            yield SimpleNamespace(folder=folder, near=hosts[0], far=hosts[1], environment=environment)
            for host in hosts:
                for worker in host.workers:
                    kill(worker.pid)
                    worker.wait()
            close_connections()
    except NoNetworks as reason:
        pytest.skip(f"no networks of our own here: {reason}")


@pytest.fixture(autouse=True)
def its_files(world, settings):
    settings.RUNS_ROOT = world.folder / "runs"
    settings.MEDIA_ROOT = world.folder / "media"
    settings.DATA_DIR = world.folder


def until(happened, what: str, world, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            rows = list(Job.objects.values_list("pk", "state", "worker", "attempt", "message", "error"))
            logs = "\n".join(host.log.read_text()[-3000:] for host in (world.near, world.far) if host.log.exists())
            raise AssertionError(f"Not within {seconds} s: {what}\n{rows}\n{logs}")
        time.sleep(0.05)


def engines(run: Run) -> list[int]:
    """Engine processes that work on this run, wherever."""
    name = str(Path(run.directory).resolve())
    return [
        one.pid for one in psutil.process_iter(["cmdline"]) if name in (one.info["cmdline"] or []) and one.is_running()
    ]


def submitted(version, name: str, host: str) -> Run:
    run = start_run(version, TrainingSettings.for_version(version, steps=100_000), name=name, submit=False)
    handler = f"{works.__name__}.{works.train_by_stand_in.__qualname__}"
    Job.objects.filter(pk=run.job_id).update(handler=handler, host=host)
    run.refresh_from_db()
    enqueue(Job.objects.get(pk=run.job_id))
    return run


def state(run: Run) -> str:
    return Job.objects.get(pk=run.job_id).state


def started_at(run: Run) -> list[str]:
    file = Path(run.directory) / "starts"
    return file.read_text().split() if file.exists() else []


def far_is_there(world) -> None:
    if not world.far.workers:
        world.far.start_worker(**world.environment)
    until(lambda: "far" in known_hosts("gpu"), "far says that it is there", world)


def test_a_run_survives_the_cut_of_its_machine(world):
    version = make_version(images=8)
    far_is_there(world)
    run = submitted(version, "droids wait", "far")
    until(lambda: Run.objects.get(pk=run.pk).step > 0, "far trains, and the site sees how far it is", world)
    assert started_at(run) == ["far"] and len(engines(run)) == 1

    world.near.start_worker(**world.environment)
    Job.objects.filter(pk=run.job_id).update(host="")  # whoever is there may go on with it
    world.far.cut_off()
    until(lambda: not engines(run), "far stops its engine by itself, although nobody reaches it", world, LOST_AFTER)
    until(lambda: started_at(run) == ["far", "near"], "near goes on with it", world)
    assert list((Path(run.directory) / "checkpoints").glob("*.index")), "what was learnt was saved"
    until(lambda: len(engines(run)) == 1, "one engine and no second one", world)

    (Path(run.directory) / "finish").touch()
    until(lambda: state(run) == JobState.SUCCEEDED, "it ends well", world)
    assert Run.objects.get(pk=run.pk).model and Job.objects.get(pk=run.job_id).worker.startswith("near:")

    world.far.join_again()
    other = submitted(version, "again wait", "far")
    until(lambda: started_at(other) == ["far"], "far is back and takes work", world)
    (Path(other.directory) / "finish").touch()
    until(lambda: state(other) == JobState.SUCCEEDED, "it ends well there", world)


def test_a_short_cut_costs_nothing(world):
    version = make_version(images=8)
    far_is_there(world)
    run = submitted(version, "short wait", "far")
    until(lambda: Run.objects.get(pk=run.pk).step > 0, "far trains", world)
    world.far.cut_off()
    time.sleep(1)
    world.far.join_again()
    (Path(run.directory) / "finish").touch()
    until(lambda: state(run) == JobState.SUCCEEDED, "it ends well", world)
    assert started_at(run)[0] == "far"
