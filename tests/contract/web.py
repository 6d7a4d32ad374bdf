"""A served site without workers: one of each thing in it, and an administrator's token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import ROOT, free_port, wait_for_port


@contextmanager
def served(data_dir: Path) -> Iterator[tuple[str, str]]:
    """(address, key of a token) while the block runs."""
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "sw_site.settings",
        "SW_API_RATE": "1000000/m",
    }
    call(environment, "manage.py", "migrate", "--verbosity", "0")
    call(environment, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    key = call(environment, "-m", "tests.contract.web").strip()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:sw_site.gunicorn_config"]
    with (data_dir / "web.log").open("wb") as log:
        web = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}", key
    finally:
        web.terminate()
        web.wait(30)


def call(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout
    return done.stdout


def fill() -> str:
    """Makes the cast of tests/access in the site of DATA_DIR; the key of the administrator's token."""
    import django

    django.setup()
    from sw_site.team.tokens import make_token
    from tests.access.cast import make_things

    things = make_things()
    return str(make_token(things.users["admin"], name="contract", scope="admin")[1])


if __name__ == "__main__":
    print(fill())
