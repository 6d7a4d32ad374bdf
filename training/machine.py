"""What a run takes of its machine: processor, memory and GPU, read by the worker beside the engine."""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil

EVERY_SECONDS = 2.0
GPU_FIELDS = ("utilization.gpu", "memory.used", "memory.total", "temperature.gpu")
ASK_SECONDS = 3

#: The readings by name. Shares are per cent, memory is in MB of 10^6 bytes, temperature in degrees Celsius.
Reading = dict[str, float]


class MachineWatch:
    """Readings of one engine process and its children, none oftener than every few seconds.

    `device` is the number of its GPU as nvidia-smi counts them, None for a run on the processor.
    """

    def __init__(self, pid: int, device: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._device, self._clock, self._due = device, clock, clock()
        self._seen: dict[int, psutil.Process] = {}
        self._pid = pid

    def read(self) -> Reading | None:
        """The latest reading when one is due, else None; None also when the process has ended."""
        if self._clock() < self._due:
            return None
        self._due = self._clock() + EVERY_SECONDS
        try:
            return {
                **self._of_processes(),
                **whole_machine(),
                **(gpu(self._device) if self._device is not None else {}),
            }
        except psutil.NoSuchProcess:
            return None

    def _of_processes(self) -> Reading:
        """Processor share and memory of the engine; 100 % is one core."""
        root = self._seen.setdefault(self._pid, psutil.Process(self._pid))
        for child in root.children(recursive=True):
            self._seen.setdefault(child.pid, child)
        cpu, memory = 0.0, 0.0
        for process in [one for one in self._seen.values() if one.is_running()]:
            try:
                cpu += process.cpu_percent()
                memory += process.memory_info().rss
            except psutil.Error:
                continue
        return {"cpu_percent": round(cpu, 1), "memory_mb": round(memory / 1e6)}


def whole_machine() -> Reading:
    memory = psutil.virtual_memory()
    return {
        "machine_cpu_percent": psutil.cpu_percent(),
        "machine_memory_mb": round((memory.total - memory.available) / 1e6),
        "machine_memory_total_mb": round(memory.total / 1e6),
    }


def report() -> dict[str, Any]:
    """What a worker says of its machine every few seconds: the whole machine, and each GPU that runs may use."""
    from training.devices import gpus_among

    rows = nvidia_smi(f"--query-gpu=index,name,{','.join(GPU_FIELDS)}")
    readings = {row[0]: gpu_reading(row[2:]) for row in rows if len(row) == 2 + len(GPU_FIELDS)}
    cards = [{"number": one.number, "name": one.name, **readings.get(str(one.number), {})} for one in gpus_among(rows)]
    return {**whole_machine(), "cores": psutil.cpu_count() or 1, "gpus": cards}


def gpu(number: int) -> Reading:
    """Use, memory and temperature of one GPU; nothing where nvidia-smi is missing or does not answer."""
    rows = nvidia_smi(f"--query-gpu={','.join(GPU_FIELDS)}", f"--id={number}")
    return gpu_reading(rows[0]) if rows else {}


def gpu_reading(cells: list[str]) -> Reading:
    """The cells of GPU_FIELDS by name, without those the driver does not tell."""
    use, used, total, temperature = (as_number(cell) for cell in cells)
    named = {"gpu_percent": use, "gpu_memory_mb": used, "gpu_memory_total_mb": total, "gpu_temperature": temperature}
    return {name: value for name, value in named.items() if value is not None}


def nvidia_smi(*options: str) -> list[list[str]]:
    """The rows nvidia-smi answers with, without units; none where there is no such program."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    argv = [program, *options, "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=ASK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [[cell.strip() for cell in row] for row in csv.reader(answer.stdout.splitlines())]


def as_number(cell: str) -> float | None:
    """A cell as a number; "[N/A]" is None."""
    try:
        return float(cell)
    except ValueError:
        return None
