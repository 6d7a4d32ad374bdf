"""Which GPU a run gets: one run a GPU, held by a lock that ends with the worker that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from sw_site.jobs.context import JobContext
from sw_site.jobs.shutdown import stopping
from training.machine import nvidia_smi

LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Device:
    """A GPU by its number, or the processor (`number` None)."""

    number: int | None = None
    name: str = ""

    @property
    def title(self) -> str:
        return "CPU" if self.number is None else f"GPU {self.number}"

    @property
    def environment(self) -> dict[str, str]:
        """What the engine is started with, so that it sees this device and no other."""
        return {} if self.number is None else {"CUDA_VISIBLE_DEVICES": str(self.number)}


def gpus() -> list[Device]:
    """The GPUs of this machine that runs may use: those of CUDA_VISIBLE_DEVICES where it is set, else all."""
    return gpus_among(nvidia_smi("--query-gpu=index,name"))


def gpus_among(rows: list[list[str]]) -> list[Device]:
    """Those of nvidia-smi's rows (index, name, and what else was asked for) that runs may use."""
    found = [Device(int(row[0]), row[1]) for row in rows if len(row) >= 2 and row[0].isdigit()]
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return found
    numbers = [part.strip() for part in allowed.split(",")]
    return [device for device in found if str(device.number) in numbers]


@contextmanager
def device_for(context: JobContext) -> Iterator[Device]:
    """A device for as long as the block lasts; waits for a GPU that another run has.

    Without a GPU it is the processor at once: a worker does one thing at a time anyway.
    """
    devices = gpus()
    if not devices:
        yield Device()
        return
    with waited_for(devices, context) as device:
        yield device


@contextmanager
def waited_for(devices: list[Device], context: JobContext) -> Iterator[Device]:
    while True:
        for device in devices:
            file = lock(device)
            if file:
                with file:
                    yield device
                return
        context.step(0.0, 1.0, "Waiting for a GPU: each of them has a run.")
        stopping.wait(LOOK_AGAIN_SECONDS)


def lock(device: Device) -> IO[bytes] | None:
    """The device's lock, given back when the file is closed or its process dies; None when somebody has it."""
    folder = Path(settings.RUNS_ROOT).parent / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / f"gpu-{device.number}.lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_busy(device: Device) -> bool:
    file = lock(device)
    if file:
        file.close()
    return file is None
