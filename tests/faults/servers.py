"""What a site stands on, to be struck: a disk of its own, Postgres, Redis."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sw_site.upkeep.backup.postgres import program
from tests.postgres import _run, _server_user

#: Above what uploads leave free (datasets/uploads/receiving.py).
DISK_MB = 900


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own at `folder`, where we may make one; gives whether there is."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "faults", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(argv, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


class Postgres:
    """A server that `tests.postgres.postgres_server` has started, by its address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.folder = Path(unquote(urlsplit(url).netloc.rpartition("@")[2]))

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Again after kill -9, with the flags of its first start; the journal is played back."""
        import pwd

        options = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam(_server_user())
            options = {"user": entry.pw_name, "group": entry.pw_gid, "extra_groups": []}
        flags = (self.folder / "data" / "postmaster.opts").read_text().split('"', 1)[1]
        kept = " ".join(f for f in flags.replace('"', " ").split())
        argv = [program("pg_ctl"), "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-t", "60"]
        deadline = time.monotonic() + 30
        while True:  # the shared memory of the killed one is given back a moment later
            try:
                return _run([*argv, "-o", kept, "start"], options)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
