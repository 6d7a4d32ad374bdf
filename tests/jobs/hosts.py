"""Several hosts on one machine: a network namespace each, joined by a bridge, any of them to be cut off at will."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.jobs.engines import ROOT

BRIDGE, NETWORK = "swbr0", "10.213.77"


class NoNetworks(Exception):
    """This machine does not let us make networks."""


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise NoNetworks(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@dataclass
class Host:
    """A machine of its own as far as its network goes."""

    name: str
    number: int
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The bridge's end of its cable."""
        return f"swb-{self.name}"

    def plug_in(self) -> None:
        inside = f"swi-{self.name}"
        ip("netns", "add", self.namespace)
        ip("link", "add", self.line, "type", "veth", "peer", "name", inside)
        ip("link", "set", inside, "netns", self.namespace)
        ip("link", "set", self.line, "master", BRIDGE, "up")
        for command in (
            ["addr", "add", f"{NETWORK}.{self.number}/24", "dev", inside],
            ["link", "set", inside, "up"],
            ["link", "set", "lo", "up"],
        ):
            ip("netns", "exec", self.namespace, "ip", *command)

    @property
    def namespace(self) -> str:
        return f"sw-{self.name}"

    def cut_off(self) -> None:
        ip("link", "set", self.line, "down")

    def join_again(self) -> None:
        ip("link", "set", self.line, "up")

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        argv = ["ip", "netns", "exec", self.namespace, sys.executable, "manage.py", "worker"]
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [*argv, "--queues", "gpu", "--interval", "0.1"],
                cwd=ROOT,
                env={**os.environ, "SW_HOST_NAME": self.name, **environment},
                stdout=log,
                stderr=log,
            )
        self.workers.append(worker)
        return worker


@contextmanager
def network(*names: str, folder: Path) -> Iterator[list[Host]]:
    """Hosts of these names, which reach this machine at 10.213.77.1.

    Raises:
        NoNetworks: there is no `ip`, or it may not make namespaces here.
    """
    if not shutil.which("ip"):
        raise NoNetworks("the program ip (package iproute2) is missing")
    hosts = [Host(name, number, folder / f"{name}.log") for number, name in enumerate(names, start=2)]
    take_away(hosts)
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for host in hosts:
            host.plug_in()
        yield hosts
    finally:
        take_away(hosts)


def take_away(hosts: list[Host]) -> None:
    for host in hosts:
        subprocess.run(["ip", "netns", "del", host.namespace], capture_output=True)
        subprocess.run(["ip", "link", "del", host.line], capture_output=True)
    subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)


@contextmanager
def reachable(target: str | int) -> Iterator[int]:
    """A port at 10.213.77.1 that leads to a port of 127.0.0.1, or to a socket file, of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(target, int):
                other_reader, other_writer = await asyncio.open_connection("127.0.0.1", target)
            else:
                other_reader, other_writer = await asyncio.open_unix_connection(target)
            await asyncio.gather(copy(reader, other_writer), copy(other_reader, writer))
        except OSError:
            writer.close()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def stop(server: asyncio.Server) -> None:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(pass_on, f"{NETWORK}.1", 0), loop).result(10)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
