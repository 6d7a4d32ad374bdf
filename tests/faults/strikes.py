"""The faults. Each is a function of the site and a random generator; it puts right again what it took away."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.faults.people import Labeller
from tests.faults.site import Site

Strike = Callable[[Site, random.Random], str | None]


def send(site: Site, rng: random.Random, role: str, number: signal.Signals, everyone: bool = False) -> list[int]:
    pids = site.pids(role)
    chosen = pids if everyone else rng.sample(pids, min(1, len(pids)))
    for pid in chosen:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return chosen


def wait_for(site: Site, role: str) -> None:
    """An engine is not always there."""
    deadline = time.monotonic() + 20
    while not site.pids(role) and time.monotonic() < deadline:
        time.sleep(0.3)


def killing(role: str) -> Strike:
    def strike(site: Site, rng: random.Random) -> str | None:
        wait_for(site, role)
        return None if send(site, rng, role, signal.SIGKILL) else "there was none"

    return strike


def killing_web(site: Site, rng: random.Random) -> None:
    """One of its processes or all of them at once."""
    send(site, rng, "web", signal.SIGKILL, everyone=rng.random() < 0.5)


def killing_all(site: Site, rng: random.Random) -> None:
    """As a machine that loses its power, but for the disk."""
    site.kill()
    site.start()


def killing_supervisor(site: Site, rng: random.Random) -> None:
    """Its children end by themselves; then it is started again, as systemd does."""
    assert site.process
    site.process.kill()
    site.process.wait()
    deadline = time.monotonic() + 45
    while left := [pid for role in ("web", "worker", "engine") for pid in site.pids(role)]:
        if time.monotonic() > deadline:
            raise AssertionError(f"{left} outlived their supervisor")
        time.sleep(0.2)
    site.start()


def pausing(role: str) -> Strike:
    """For longer than a job may be silent, and then it goes on where it was."""

    def strike(site: Site, rng: random.Random) -> str | None:
        wait_for(site, role)
        pids = send(site, rng, role, signal.SIGSTOP)
        time.sleep(rng.choice([1.0, 7.0]))
        for pid in pids:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGCONT)
        return None if pids else "there was none"

    return strike


def restarting(role: str) -> Strike:
    def strike(site: Site, rng: random.Random) -> None:
        parents = [pid for pid in site.pids(role) if psutil.Process(pid).ppid() == site.process.pid]
        os.kill(rng.choice(parents), signal.SIGTERM)

    return strike


def full_disk(site: Site, rng: random.Random) -> str | None:
    if not site.disk:
        return "no file system of its own"
    ballast = site.folder / "ballast"
    try:
        free = os.statvfs(site.folder)
        with ballast.open("wb") as file:
            left = free.f_bavail * free.f_frsize - rng.choice([0, 0, 200_000])
            with suppress(OSError):  # others write as well: then it is full already
                os.posix_fallocate(file.fileno(), 0, max(left, 1))
        time.sleep(rng.choice([2.0, 5.0]))
    finally:
        ballast.unlink(missing_ok=True)
    return None


def failing_writes(site: Site, rng: random.Random) -> str | None:
    """Folders that files go to turn read-only: by the file system for root, by permissions for others."""
    targets = [site.folder / name for name in ("media", "runs", "uploads")]
    targets = [target for target in targets if target.is_dir()]
    root = os.geteuid() == 0
    try:
        for target in targets:
            if root:
                subprocess.run(["mount", "--bind", target, target], check=True)
                subprocess.run(["mount", "-o", "remount,ro,bind", target], check=True)
            else:
                target.chmod(0o500)
        time.sleep(rng.choice([1.0, 4.0]))
    except subprocess.CalledProcessError:
        return "this machine lets us mount nothing"
    finally:
        for target in targets:
            if root:
                subprocess.run(["umount", "-l", target], check=False, stderr=subprocess.DEVNULL)
            else:
                target.chmod(0o700)
    return None


def moved_clock(site: Site, rng: random.Random) -> None:
    site.clock.write_text(str(rng.choice([-5, 3, 30])))
    time.sleep(3)
    site.clock.write_text("0")


def expired_sessions(site: Site, rng: random.Random) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


def doubled_messages(site: Site, rng: random.Random) -> None:
    """Every waiting and running job is announced three times more."""
    from sw_site.jobs.models import Job
    from sw_site.jobs.queue import announce

    for job in Job.objects.active():
        for _ in range(3):
            announce(job.queue)


def locked_database(site: Site, rng: random.Random) -> str | None:
    """Somebody holds the database for a while: SQLite's one writer, or every row of Postgres's images."""
    from django.db import connection, transaction

    from datasets.models import Image

    with transaction.atomic():
        list(Image.objects.select_for_update().values_list("pk", flat=True))
        if connection.vendor == "sqlite":
            Image.objects.filter(pk=0).update(note="")
        time.sleep(rng.choice([1.0, 4.0]))
    return None


def dropped_connections(site: Site, rng: random.Random) -> str | None:
    if not site.postgres:
        return "no Postgres"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    return None


def killed_postgres(site: Site, rng: random.Random) -> str | None:
    if not site.postgres:
        return "no Postgres"
    from django.db import connection

    connection.close()
    family = psutil.Process(site.postgres.pid)
    children = family.children(recursive=True)
    for process in [family, *children]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs([family, *children], 10)
    time.sleep(rng.choice([0.2, 3.0]))
    site.postgres.start()
    return None


def killed_redis(site: Site, rng: random.Random) -> str | None:
    if not site.redis:
        return "no Redis"
    site.redis.stop()
    time.sleep(rng.choice([0.5, 4.0]))
    site.redis.start()
    return None


def dropped_redis_clients(site: Site, rng: random.Random) -> str | None:
    if not site.redis:
        return "no Redis"
    from redis import Redis

    with Redis(port=site.redis.port) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    return None


def cut_browsers(people: list[Labeller]) -> Strike:
    def strike(site: Site, rng: random.Random) -> None:
        for person in people:
            person.cut.set()

    return strike


STRIKES: dict[str, Strike] = {
    "kill -9 a web process": killing_web,
    "kill -9 a worker": killing("worker"),
    "kill -9 the engine": killing("engine"),
    "kill -9 the supervisor": killing_supervisor,
    "kill -9 everything": killing_all,
    "pause a web process": pausing("web"),
    "pause a worker": pausing("worker"),
    "pause the engine": pausing("engine"),
    "restart web": restarting("web"),
    "restart a worker": restarting("worker"),
    "disk full": full_disk,
    "writes fail": failing_writes,
    "clock moved": moved_clock,
    "sessions expire": expired_sessions,
    "jobs delivered again": doubled_messages,
    "database locked": locked_database,
    "browsers cut off": cut_browsers([]),
    "database connections dropped": dropped_connections,
    "kill -9 Postgres": killed_postgres,
    "kill -9 Redis": killed_redis,
    "Redis connections dropped": dropped_redis_clients,
}
ON_POSTGRES = ("database connections dropped", "kill -9 Postgres")
ON_REDIS = ("kill -9 Redis", "Redis connections dropped")


def chosen(rng: random.Random, count: int, postgres: bool, redis: bool, disk: bool) -> list[str]:
    """So many kinds in a random order, each once before any comes twice; what the site does not have is left out."""
    absent = {*(() if postgres else ON_POSTGRES), *(() if redis else ON_REDIS), *(() if disk else ("disk full",))}
    kinds = [kind for kind in STRIKES if kind not in absent]
    rounds: list[str] = []
    while len(rounds) < count:
        rounds += rng.sample(kinds, len(kinds))
    return rounds[:count]
