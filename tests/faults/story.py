"""One seeded day on one site: `python -m tests.faults.story SEED VARIANT FAULTS FOLDER [TEMPLATE]`; prints JSON.

A process of its own, whose Django stands on the database of the site that it strikes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.ledger import Ledger
from tests.faults.servers import Postgres, small_disk
from tests.faults.site import Site
from tests.postgres import postgres_server
from tests.redis import free_port, redis_server

#: name: (Postgres, what carries the messages)
VARIANTS = {
    "sqlite": (False, "database"),
    "redis": (False, "rq"),
    "postgres": (True, "database"),
    "all": (True, "celery"),
}


@dataclass
class Report:
    """`losses` by kind of fault (or "evening"); `faults` are those that struck."""

    seed: int
    variant: str
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    losses: dict[str, list[str]] = field(default_factory=dict)
    edits: int = 0
    photos: int = 0
    runs: int = 0
    resumed: int = 0
    retried: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def lose(self, kind: str, what: list[str]) -> None:
        if what:
            self.losses.setdefault(kind, []).extend(what[:10])


def environment(variant: str, folder: Path, stack: ExitStack) -> tuple[dict[str, str], Postgres | None, Any]:
    on_postgres, tasks = VARIANTS[variant]
    # What is committed must be on the disk of a server that will be killed.
    url = stack.enter_context(postgres_server("synchronous_commit=on")) if on_postgres else ""
    redis = stack.enter_context(redis_server()) if tasks != "database" else None
    values = {
        "DATA_DIR": str(folder), "DATABASE_URL": url, "SW_TASKS": tasks, "REDIS_URL": redis.url if redis else "",
        "SW_JOB_HEARTBEAT": "1", "SW_JOB_LOST_AFTER": "4", "SW_TEAM_ROLE": "manager", "SW_API_RATE": "100000/m",
        "FAULTS_CLOCK": str(folder.with_suffix(".clock")), "DJANGO_SETTINGS_MODULE": "sw_site.settings",
        "SW_WEB_PROCESSES": "2" if on_postgres else "1", "SW_DEMO": "0", "PORT": str(free_port()),
    }  # fmt: skip
    return values, Postgres(url) if url else None, redis


def tell(seed: int, variant: str, faults: int, work: Path, template: Path | None) -> Report:
    began, report, rng = time.monotonic(), Report(seed, variant), random.Random(seed)
    folder = work / "site"
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder))
        values, postgres, redis = environment(variant, folder, stack)
        os.environ.update(values)
        Path(values["FAULTS_CLOCK"]).write_text("0")
        if template:
            shutil.copytree(template / "static", folder / "static")
        if template and not postgres:
            shutil.copy(template / "db.sqlite3", folder)
        import django

        django.setup()
        site = Site(folder, int(values["PORT"]), values, disk, postgres, redis)
        stack.callback(site.kill)
        from tests.faults.day import Day

        day = Day(site, seed, Ledger())
        site.start()
        day.begin()
        for kind in ("", *day.kinds(rng, faults)):
            day.strike(kind, rng, report)
        day.evening(report)
        code = site.stop()
        report.lose("evening", [f"the site's exit code was {code}"] if code else [])
    report.seconds = round(time.monotonic() - began, 1)
    return report


def main() -> int:
    seed, variant, faults, folder, *rest = sys.argv[1:]
    threading.excepthook = lambda args: print(f"{args.thread}: {args.exc_value}", file=sys.stderr)
    report = tell(int(seed), variant, int(faults), Path(folder), Path(rest[0]) if rest else None)
    print(json.dumps(asdict(report)))
    return 1 if report.losses else 0


if __name__ == "__main__":
    sys.exit(main())
