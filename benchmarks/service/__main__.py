"""The service itself: how soon a job is taken, what idles in memory, how soon the first page comes, long queues.

    python -m benchmarks.service [--only idle start queued pickup] [--jobs 10000]

Starts sites of its own (SQLite; a Redis for the other back ends) on free ports and prints one JSON object with the
goals beside the figures. Alone on a machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

GOALS = {"idle_web_and_worker_mb": 300, "warm_start_s": 2.0, "pickup_s": 1.0, "page_with_jobs_ms": 400}
PAGES = ("/", "/jobs/", "/jobs/workers/", "/training/", "/training/desk/")
ROUNDS, PICKUPS = 20, 15
FILL = """
import django; django.setup()
from sw_site.jobs.models import Job
from django.utils import timezone
now = timezone.now()
Job.objects.bulk_create([Job(kind="train", title=f"Job {n}", handler="none", queue="gpu", host="nowhere",
                             submitted_at=now) for n in range(%d)], batch_size=1000)
"""


def signed_in(site: Any) -> Any:
    import requests

    session = requests.Session()
    login = session.get(f"{site.url}/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)
    assert token
    data = {"username": "admin", "password": site.password, "csrfmiddlewaretoken": token[1]}
    assert session.post(login.url, data=data, headers={"Referer": login.url}).ok
    return session


def times(session: Any, url: str) -> dict[str, float]:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        assert session.get(url).status_code == 200
        taken.append(1000 * (time.perf_counter() - started))
    return {"p50": round(statistics.median(taken), 1), "p95": round(sorted(taken)[int(0.95 * ROUNDS)], 1)}


def idle(site: Any) -> dict[str, float]:
    """Proportional set size in MB (10^6 bytes) by role, after people have looked at some pages."""
    import psutil

    roles = {"--web-only": "web", "--queues gpu": "training worker", "--queues": "worker", "serve": "supervisor"}
    session = signed_in(site)
    for _ in range(10):
        for page in PAGES:
            session.get(f"{site.url}{page}")
    time.sleep(5)
    found: Counter[str] = Counter()
    root = psutil.Process(site.process.pid)
    for process in [root, *root.children(recursive=True)]:
        words = " ".join(process.cmdline())
        role = next((role for word, role in roles.items() if word in words), "other")
        found[role] += process.memory_full_info().pss / 1e6
    rows = {f"{role}_mb": round(value) for role, value in found.items()}
    return {**rows, "web_and_worker_mb": round(found["web"] + found["worker"] + found["supervisor"])}


def start(folder: Path) -> tuple[Any, float]:
    """A site on this folder, and the seconds until its first page; what was compiled is kept, as it usually is."""
    import requests

    from tests.e2e.conftest import start_site

    began = time.perf_counter()
    site = start_site(folder, SW_DEMO="0", PYTHONDONTWRITEBYTECODE="")
    assert requests.get(f"{site.url}/", timeout=30).ok
    return site, time.perf_counter() - began


def queued(site: Any, folder: Path, jobs: int) -> dict[str, Any]:
    session = signed_in(site)
    before = {page: times(session, f"{site.url}{page}") for page in PAGES}
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    subprocess.run([sys.executable, "-c", FILL % jobs], env=environment, check=True)
    return {"jobs": jobs, "before_ms": before, "with_jobs_ms": {p: times(session, f"{site.url}{p}") for p in PAGES}}


def pickup(kind: str) -> dict[str, float]:
    """Seconds from handing a job over until its row says that it runs."""
    import django
    from django.core.management import call_command

    django.setup()
    from sw_site.databases import sqlite
    from sw_site.jobs.models import Job
    from tests.jobs import works
    from tests.jobs.engines import Engine, sending
    from tests.postgres import as_default
    from tests.redis import redis_server

    folder, taken = Path(tempfile.mkdtemp()), []
    with as_default(sqlite(folder / "db.sqlite3")), redis_server() as redis, sending(kind, redis):
        call_command("migrate", verbosity=0)
        engine = Engine(kind, folder, "", redis)
        # As `make run` starts it: looking twice a second where looking is how a back end waits.
        engine.start_worker("default", interval=0.5, SW_JOB_HEARTBEAT="5")
        engine.wait(engine.submit(works.add_up, numbers=[1]), "succeeded")
        for _ in range(PICKUPS):
            time.sleep(0.2)
            job = engine.submit(works.add_up, numbers=[1])
            engine.wait(job, "succeeded")
            row = Job.objects.get(pk=job.pk)
            assert row.started_at and row.submitted_at
            taken.append((row.started_at - row.submitted_at).total_seconds())
        engine.stop_all()
    return {"p50": round(statistics.median(taken), 3), "worst": round(max(taken), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["idle", "start", "queued", "pickup"], default=[])
    parser.add_argument("--jobs", type=int, default=10_000)
    options = parser.parse_args()
    wanted = set(options.only) or {"idle", "start", "queued", "pickup"}
    result: dict[str, Any] = {"benchmark": "service", "goals": GOALS}
    if wanted - {"pickup"}:
        folder = Path(tempfile.mkdtemp())
        site, first = start(folder)
        key = site.password
        site.stop()
        site, result["warm_start_s"] = start(folder)
        result |= {"first_start_s": round(first, 2), "warm_start_s": round(result["warm_start_s"], 2)}
        site.lines.insert(0, f"First administrator: admin / {key}\n")
        if "idle" in wanted:
            result["idle"] = idle(site)
        if "queued" in wanted:
            result["queued"] = queued(site, folder, options.jobs)
        site.stop()
    if "pickup" in wanted:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        result["pickup_s"] = {kind: pickup(kind) for kind in ("database", "rq", "celery")}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
