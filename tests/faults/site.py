"""A site of real processes under one supervisor, as `manage.py serve` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from tests.faults.servers import Postgres
from tests.redis import RedisServer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90


@dataclass
class Site:
    """`environment` is what all its processes run with; `disk` whether its folder is a file system of its own."""

    folder: Path
    port: int
    environment: dict[str, str]
    disk: bool = False
    postgres: Postgres | None = None
    redis: RedisServer | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    @property
    def clock(self) -> Path:
        return Path(self.environment["FAULTS_CLOCK"])

    def start(self) -> None:
        argv = [sys.executable, "-m", "tests.faults.entry", "supervise"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv, cwd=ROOT, env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        self.wait_for_answer()

    def wait_for_answer(self, seconds: float = START_SECONDS) -> None:
        """Until web answers and workers are there; a supervisor that has ended is an error."""
        deadline = time.monotonic() + seconds
        while not (self.answers() and self.pids("worker")):
            if time.monotonic() > deadline or (self.process and self.process.poll() is not None):
                raise AssertionError(f"The site did not come back:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def pids(self, role: str) -> list[int]:
        """Process ids: "supervise", "web", "worker" (forked ones too) or "engine"."""
        wanted = ("tests.faults.engine",) if role == "engine" else ("tests.faults.entry", role)
        found = []
        for process in self._family():
            try:
                line = process.cmdline()
                if all(word in line for word in wanted) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
            except psutil.NoSuchProcess:
                continue
        return found

    def _family(self) -> list[psutil.Process]:
        """All processes with our data folder, wherever they hang now: an orphan is still ours."""
        ours, mark = [], str(self.folder)
        for process in psutil.process_iter():
            try:
                if process.uids().real == os.getuid() and process.environ().get("DATA_DIR") == mark:
                    ours.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return [process for process in ours if process.pid != os.getpid()]

    def stop(self) -> int:
        """As Ctrl-C; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        finally:
            self.kill()

    def kill(self) -> None:
        for process in self._family():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if self.process:
            self.process.wait()
