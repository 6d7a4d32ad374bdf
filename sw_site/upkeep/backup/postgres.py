"""The programs of Postgres that copy a database: pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from sw_site.lib.errors import UserError

#: Where packages put the programs that are not for everybody's PATH; the newest one can read every older server.
FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
SECONDS = 6 * 3600


def program(name: str) -> str:
    """Where a program of Postgres lies. Raises FileNotFoundError when it is not installed."""
    found = [str(file) for folder in FOLDERS for file in sorted(Path("/").glob(f"{folder[1:]}/{name}"), reverse=True)]
    path = found[0] if found else shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: install the package “postgresql” or “postgresql-client”.")
    return path


def run(name: str, settings: dict[str, Any], *arguments: str) -> None:
    """Run one of the programs on this database; `settings` are Django's. Raises UserError with what it said."""
    # The password goes through the environment: everybody may read the arguments of a process.
    environment = {**os.environ, "PGPASSWORD": str(settings.get("PASSWORD") or "")}
    if not environment["PGPASSWORD"]:
        del environment["PGPASSWORD"]
    where = {"--host": "HOST", "--port": "PORT", "--username": "USER", "--dbname": "NAME"}
    options = [f"{option}={settings[key]}" for option, key in where.items() if settings.get(key)]
    try:
        argv = [program(name), *options, "--no-password", *arguments]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as error:
        raise UserError("postgres_programs_missing", str(error)) from error
    if done.returncode:
        raise UserError("postgres_failed", f"{name} failed: {done.stderr.strip()[-2000:]}")
