"""A Postgres server of one's own: started in a folder that goes away, reached through a socket in it."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.management import call_command
from django.db import ConnectionHandler, connections

from sw_site.databases import database
from sw_site.upkeep.backup.postgres import program

#: What is in it may be lost with the machine, so nothing waits for the disk.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
ROLE = "sw"


@contextmanager
def postgres_server(*settings: str) -> Iterator[str]:
    """The address (as in DATABASE_URL) of an empty database, while the server runs with these settings ("a=b").

    Raises:
        FileNotFoundError: the programs of Postgres are not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="sw-site-pg-"))
    user = _server_user()
    options: dict[str, Any] = {}
    if user != getpass.getuser():
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        options = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    data = str(folder / "data")
    try:
        initdb = ["-D", data, "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([program("initdb"), *initdb], options)
        flags = " ".join(f"-c {setting}" for setting in (*SETTINGS, *settings, f"unix_socket_directories={folder}"))
        log = str(folder / "log")
        _run([program("pg_ctl"), "-D", data, "-l", log, "-w", "-t", "60", "-o", flags, "start"], options)
        try:
            yield f"postgres://{ROLE}@{quote(str(folder), safe='')}/postgres"
        finally:
            _run([program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"], options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> str:
    """Postgres refuses to run as root."""
    if os.getuid():
        return getpass.getuser()
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(argv: list[str], options: dict[str, Any]) -> None:
    # pg_ctl's child keeps its streams, so they are files of nobody's; the folder it starts in must be readable to it.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(argv, stdout=said, stderr=said, cwd="/", check=False, **options)
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} failed:\n{said.read()}")


def migrated(url: str) -> dict[str, Any]:
    """Make the tables; the settings of the database, to be given to `as_default`."""
    values = database(url, Path("unused"))
    with as_default(values):
        call_command("migrate", verbosity=0)
    return values


@contextmanager
def as_default(values: dict[str, Any]) -> Iterator[None]:
    """Everything in this thread and in new ones uses this database; before and after, the one of the settings."""
    from django.contrib.contenttypes.models import ContentType

    other = ConnectionHandler({"default": values})
    kept, kept_settings = connections["default"], connections.settings["default"]
    ContentType.objects.clear_cache()
    connections.settings["default"] = other.settings["default"]
    connections["default"] = other["default"]
    try:
        yield
    finally:
        other["default"].close()
        connections.settings["default"], connections["default"] = kept_settings, kept
        ContentType.objects.clear_cache()
