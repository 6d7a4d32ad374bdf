"""Two machines that train, with a network between them and the site; one is cut off in the middle of its run.

Database and Redis are reached over the network, and so are files: the machines share a folder, as a file server would
give it to them, or they have a disk each and the bucket.
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
from tests.buckets import new_bucket, storages, variables
from tests.factories import make_version
from tests.jobs import works
from tests.jobs.engines import close_connections, kill, new_database, sending
from tests.jobs.hosts import NETWORK, Host, NoNetworks, network, reachable
from tests.postgres import as_default
from tests.redis import redis_server
from training import control
from training.actions import start_run
from training.checkpoints import checkpoints_of
from training.config import TrainingSettings
from training.models import Run

LOST_AFTER, PATIENCE = 16, 3


@pytest.fixture(scope="module", params=["folder", "bucket"])
def world(request, postgres, s3, tmp_path_factory, django_db_blocker) -> Iterator[SimpleNamespace]:
    """A site on Postgres and Redis (rq), and the machines "near" and "far", which have a worker each."""
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
            reachable(urlsplit(s3).port) as files,
            django_db_blocker.unblock(),
            as_default(values),
            sending("rq", redis),
        ):
            environment = {
                "DATABASE_URL": f"postgres://sw@{NETWORK}.1:{database}/{quote(place.path[1:])}",
                "SW_TASKS": "rq",
                "REDIS_URL": f"redis://{NETWORK}.1:{broker}/0",
                "SW_JOB_HEARTBEAT": "1",
                "SW_JOB_LOST_AFTER": str(LOST_AFTER),
                "SW_DATABASE_PATIENCE": str(PATIENCE),
                "DJANGO_SETTINGS_MODULE": "sw_site.settings",
            }
            disks = dict.fromkeys(("web", "near", "far"), folder)
            if request.param == "bucket":
                new_bucket(s3)
                environment |= variables(f"http://{NETWORK}.1:{files}", SW_S3_RUN_SECONDS="1")
                disks = {name: folder / name for name in disks}
            near, far = hosts
            yield SimpleNamespace(kind=request.param, disks=disks, near=near, far=far, environment=environment)
            for host in hosts:
                for worker in host.workers:
                    kill(worker.pid)
                    worker.wait()
            close_connections()
    except NoNetworks as reason:
        pytest.skip(f"no networks of our own here: {reason}")


@pytest.fixture(autouse=True)
def its_files(world, settings, s3):
    disk = world.disks["web"]
    settings.RUNS_ROOT, settings.MEDIA_ROOT, settings.DATA_DIR = disk / "runs", disk / "media", disk
    if world.kind == "bucket":
        settings.STORAGES = storages(s3, disk / "copies")


def until(happened, what: str, world, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            rows = list(Job.objects.values_list("pk", "state", "worker", "attempt", "message", "error"))
            logs = "\n".join(host.log.read_text()[-3000:] for host in (world.near, world.far) if host.log.exists())
            raise AssertionError(f"Not within {seconds} s: {what}\n{rows}\n{logs}")
        time.sleep(0.05)


def folders(world, run: Run) -> list[Path]:
    """Where the files of a run lie on the machines that train."""
    return [world.disks[host.name] / "runs" / str(run.pk) for host in (world.near, world.far)]


def engines(world, run: Run) -> list[int]:
    """Engine processes that work on this run, wherever."""
    names = {str(folder.resolve()) for folder in folders(world, run)}
    return [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if names & set(one.info["cmdline"] or []) and one.is_running()
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


def started_at(world, run: Run) -> list[str]:
    """The machines that trained it so far, as the one knows that did so last."""
    files = [folder / "starts" for folder in folders(world, run)]
    return max((file.read_text().split() for file in files if file.exists()), key=len, default=[])


def has_learnt(world, run: Run, host: str) -> None:
    until(lambda: Run.objects.get(pk=run.pk).step > 0, f"{host} trains, and the site sees how far it is", world)
    until(lambda: checkpoints_of(run), "there is a checkpoint, wherever one looks", world)


def ends_well(world, run: Run) -> None:
    control.stop_and_keep(Run.objects.get(pk=run.pk))
    until(lambda: state(run) == JobState.SUCCEEDED, "it ends well", world)
    model = Run.objects.get(pk=run.pk).model
    assert (model.detector_folder / "model.onnx").read_bytes() == b"graph", "the web server detects with it"


def start_worker(world, host: Host) -> None:
    host.start_worker(**world.environment, DATA_DIR=str(world.disks[host.name]))


def far_is_there(world) -> None:
    if not world.far.workers:
        start_worker(world, world.far)
    until(lambda: "far" in known_hosts("gpu"), "far says that it is there", world)


def test_a_run_survives_the_cut_of_its_machine(world):
    version = make_version(images=8)
    far_is_there(world)
    run = submitted(version, "droids wait", "far")
    has_learnt(world, run, "far")
    assert started_at(world, run) == ["far"] and len(engines(world, run)) == 1

    start_worker(world, world.near)
    Job.objects.filter(pk=run.job_id).update(host="")  # whoever is there may go on with it
    world.far.cut_off()
    until(lambda: not engines(world, run), "far stops its engine, although nobody reaches it", world, LOST_AFTER)
    until(lambda: started_at(world, run) == ["far", "near"], "near goes on with it", world)
    until(lambda: len(engines(world, run)) == 1, "one engine and no second one", world)
    ends_well(world, run)
    assert Job.objects.get(pk=run.job_id).worker.startswith("near:")
    events = (world.disks["near"] / "runs" / str(run.pk) / "events.jsonl").read_text()
    assert "Training from step 0 of" in events and "Training from step 1 of" in events, "with what far had learnt"

    world.far.join_again()
    other = submitted(version, "again wait", "far")
    has_learnt(world, other, "far")
    assert started_at(world, other) == ["far"], "far is back and takes work"
    ends_well(world, other)


def test_a_short_cut_costs_nothing(world):
    version = make_version(images=8)
    far_is_there(world)
    run = submitted(version, "short wait", "far")
    has_learnt(world, run, "far")
    world.far.cut_off()
    time.sleep(1)
    world.far.join_again()
    ends_well(world, run)
    assert started_at(world, run)[0] == "far"
