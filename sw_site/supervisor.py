"""One foreground process that keeps the web process and the workers going, and stops them all when it is stopped."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sw_site.env import address
from sw_site.lib.process import READY, VARIABLE

GRACE_SECONDS = 30
#: A process that ends sooner than this after its start, this many times in a row, will not get better by itself.
QUICK_SECONDS, MAX_QUICK_ENDS = 5, 3


@dataclass
class Child:
    """A process to keep alive."""

    name: str
    argv: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_ends: int = 0

    def start(self, *passed: int, **more: str) -> None:
        """`passed`: open files that it inherits; `more`: of its environment."""
        environment = {**os.environ, VARIABLE: str(os.getpid()), **more}
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the rest in order.
        self.process = subprocess.Popen(self.argv, env=environment, pass_fds=passed, start_new_session=True)
        self.started = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None


@dataclass
class Supervisor:
    """Runs children until SIGINT or SIGTERM. `say` receives lines for the terminal.

    With `first_alone` the others start when the first says that it is ready (`lib.process.say_ready`): it sets up what
    they need, and they take no time from it.
    """

    commands: Mapping[str, Sequence[str]]
    say: Callable[[str], None] = print
    first_alone: bool = False
    _stop: bool = False
    _children: list[Child] = field(default_factory=list)

    def run(self) -> int:
        """Exit code: 0 after a stop that was asked for, 1 when a process would not stay up."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._ask_to_stop)
        self._children = [Child(name, argv) for name, argv in self.commands.items()]
        code = self._watch() if self._start() else 1
        self._stop_all()
        return code

    def _start(self) -> bool:
        """False when the first ended before it was ready; why is what it printed."""
        first, *others = self._children
        if not self.first_alone:
            first.start()
        elif not self._is_ready(first):
            return self._stop
        for child in others:
            child.start()
        return True

    def _is_ready(self, child: Child) -> bool:
        """Starts it and waits for its word. False when it ended, or everything is to stop, before that."""
        ours, its = os.pipe()
        child.start(its, **{READY: str(its)})
        try:
            while not self._stop and not child.has_ended():
                if select.select([ours], [], [], 0.2)[0]:
                    return True
            return False
        finally:
            os.close(ours)
            os.close(its)

    def _ask_to_stop(self, signum: int, frame: object) -> None:
        self._stop = True

    def _watch(self) -> int:
        while not self._stop:
            for child in self._children:
                if child.has_ended() and not self._revive(child):
                    return 1
            time.sleep(0.2)
        return 0

    def _revive(self, child: Child) -> bool:
        quick = time.monotonic() - child.started < QUICK_SECONDS
        child.quick_ends = child.quick_ends + 1 if quick else 0
        code = child.process.returncode if child.process else None
        if child.quick_ends >= MAX_QUICK_ENDS:
            self.say(
                f"The {child.name} process ends at once each time (exit code {code}). What it printed above says why."
            )
            return False
        self.say(f"The {child.name} process ended (exit code {code}); starting it again.")
        child.start()
        return True

    def _stop_all(self) -> None:
        running = [child.process for child in self._children if child.process and child.process.poll() is None]
        if running:
            self.say("Stopping…")
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def site_commands() -> dict[str, list[str]]:
    """The processes of a site on one machine: web, a worker for quick work and one for training."""
    python, manage = sys.executable, "manage.py"
    return {
        "web": [python, manage, "serve", "--web-only"],
        "worker": [python, manage, "worker", "--queues", "default"],
        "training worker": [python, manage, "worker", "--queues", "gpu"],
    }


def port_problem() -> str:
    """Why the site cannot listen where it should, and what to do; empty where it can."""
    try:
        host, port = address()
    except ValueError as error:
        return str(error)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: make run PORT=8001"
    return ""


def serve() -> int:
    """The whole site in the foreground, until Ctrl-C; the web process sets up what is missing before it answers."""
    if problem := port_problem():
        print(problem, file=sys.stderr)
        return 1
    os.chdir(Path(__file__).parent.parent)
    return Supervisor(site_commands(), say=lambda line: print(line, flush=True), first_alone=True).run()
