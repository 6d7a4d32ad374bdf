"""Which database the site stands on: SQLite in the data folder, or the one that DATABASE_URL names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

from sw_site.env import env_int

#: Seconds a connection is kept for the next request of its thread.
KEEP_SECONDS = 600
BACKENDS = ("django.db.backends.postgresql", "django.db.backends.sqlite3")
#: Each has eight threads and so eight connections; Postgres grants 100 if nobody says otherwise.
MOST_PROCESSES = 4
#: SQLite takes one writer at a time, so a third process would mostly wait.
MOST_ON_SQLITE = 2


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's settings of the database at `url`, or of the SQLite file in `data_dir` when it is empty.

    Raises:
        ValueError: the address is of no database the site can use.
    """
    if not url:
        return sqlite(data_dir / "db.sqlite3")
    try:
        found: dict[str, Any] = {**dj_database_url.parse(url)}
    except ValueError:
        found = {}
    if found.get("ENGINE") not in BACKENDS:
        # Not the address itself, because it holds a password.
        raise ValueError(
            "DATABASE_URL is not the address of a database the site can use. "
            "Give it like postgres://user:password@host:5432/name, or leave it empty for SQLite in DATA_DIR."
        )
    if found["ENGINE"] == BACKENDS[1]:
        return sqlite(Path(found["NAME"]))
    options = {**patience(), **found.get("OPTIONS", {})}
    return {**found, "OPTIONS": options, "CONN_MAX_AGE": KEEP_SECONDS, "CONN_HEALTH_CHECKS": True}


def patience() -> dict[str, int]:
    """After how long a line that went dead counts as dead; left alone the system waits a quarter of an hour.

    Shorter than the time after which a job without a sign of life is given to another machine (SW_JOB_LOST_AFTER): a
    worker that is cut off has stopped its engine by then, so that no two train in one folder.
    """
    seconds = env_int("SW_DATABASE_PATIENCE")
    probes = {"keepalives": 1, "keepalives_idle": max(1, seconds // 2), "keepalives_interval": max(1, seconds // 6)}
    return {**probes, "keepalives_count": 3, "connect_timeout": max(2, seconds), "tcp_user_timeout": 1000 * seconds}


def sqlite(file: Path) -> dict[str, Any]:
    """WAL mode: readers never wait for the writer. IMMEDIATE: a writer queues at its start, not fails at its end."""
    return {
        "ENGINE": BACKENDS[1],
        "NAME": file,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-4000;",
        },
    }


def web_processes(url: str) -> int:
    """How many web processes serve the database at `url`, where nobody says it: one for each core, up to a limit.

    Python runs one thread at a time in each. On SQLite they write in turn (sw_site/lib/turns.py).
    """
    most = MOST_ON_SQLITE if not url or url.startswith("sqlite") else MOST_PROCESSES
    return min(len(os.sched_getaffinity(0)), most)
