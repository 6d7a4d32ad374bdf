"""A site of its own for a test: a data folder, perhaps a Postgres, and its commands run as operators run them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from sw_site.databases import sqlite
from tests.postgres import as_default

COUNT = 'SELECT COUNT(*) FROM "{}"'
ROOT = Path(__file__).resolve().parent.parent.parent.parent


@dataclass(frozen=True)
class Site:
    data: Path
    database_url: str = ""

    def run(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        keep = {name: value for name, value in os.environ.items() if not name.startswith("SW_")}
        own = {
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "sw_site.settings",
        }
        argv = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            argv, cwd=ROOT, env={**keep, **own, **environment}, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This process is the site (on SQLite) for a while: a command then takes no seconds to start."""
        folders = {"MEDIA_ROOT": "media", "RUNS_ROOT": "runs", "UPLOADS_ROOT": "uploads"}
        own = {name: self.data / folder for name, folder in folders.items()}
        with override_settings(DATA_DIR=self.data, **own), as_default(sqlite(self.data / "db.sqlite3")):
            self.data.mkdir(exist_ok=True)
            if not (self.data / "secret_key").exists():
                (self.data / "secret_key").write_text("made by the settings, as in a process of its own")
            yield

    def json(self, *arguments: str) -> dict[str, Any]:
        """What a command prints with --json."""
        out = io.StringIO()
        with self.inside():
            call_command(*arguments, "--json", stdout=out)
        return json.loads(out.getvalue().splitlines()[-1])

    def refusal(self, *arguments: str) -> tuple[str, str]:
        """(code, sentence) of what a command says when it refuses."""
        out = io.StringIO()
        with self.inside(), pytest.raises(CommandError) as raised:
            call_command(*arguments, "--json", stdout=out)
        error = json.loads(out.getvalue().splitlines()[-1])["error"]
        assert raised.value.returncode == 1
        return error["code"], error["message"]

    def told(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """`json`, by a process of its own."""
        return json.loads(self.run(*arguments, "--json", **environment).stdout.splitlines()[-1])

    def counts(self) -> dict[str, int]:
        """Rows by table, asked of the database itself."""
        if not self.database_url:
            with sqlite3.connect(self.data / "db.sqlite3") as base:
                names = [
                    row[0]
                    for row in base.execute(
                        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                    )
                ]
                return {name: base.execute(COUNT.format(name)).fetchone()[0] for name in names}
        with psycopg.connect(self.database_url) as base:
            names = [row[0] for row in base.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            return {name: base.execute(COUNT.format(name)).fetchone()[0] for name in names}

    def hashes(self) -> dict[str, str]:
        """SHA-256 by path of all files but the database's own."""
        files = [path for path in self.data.rglob("*") if path.is_file() and not path.name.startswith("db.sqlite3")]
        return {str(path.relative_to(self.data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def fill(self) -> None:
        """A small dataset with a version, a run's folder, and an upload that is on its way."""
        self.run("migrate", "-v0")
        self.run("make_demo_dataset", "--count", "8")
        self.run("create_version", "Demo droids")
        for name in ("runs/1/events.jsonl", "uploads/ab/parts/cd", "configs/some.config"):
            path = self.data / name
            path.parent.mkdir(parents=True)
            path.write_text(f"what is in {name}")
