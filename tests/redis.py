"""A Redis server of one's own: on a free port, with nothing on disk, to be stopped and started at will."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError

START_SECONDS = 20


@dataclass
class RedisServer:
    """What is in it is gone when it stops."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """As in REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers.

        Raises:
            FileNotFoundError: the program is not installed.
        """
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*program(), *self._flags()], stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"redis-server did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def answers(self) -> bool:
        with Redis(port=self.port, retry=None, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except ConnectionError:
                return False

    def _flags(self) -> list[str]:
        return ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running server, ended with the block."""
    folder = Path(tempfile.mkdtemp(prefix="sw-site-redis-"))
    server = RedisServer(folder, free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def program() -> list[str]:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise FileNotFoundError(
            "redis-server is missing: install the package “redis-server” (make test does, as root)."
        )
    return [found]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
