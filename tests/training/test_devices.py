"""One run a GPU, with locks that end with their holder; what the machine says of itself."""

from __future__ import annotations

import os
import subprocess

import pytest

from sw_site.jobs.errors import WorkerStopping
from sw_site.jobs.shutdown import stopping
from training import devices, machine
from training.devices import Device, device_for, gpus, is_busy, lock
from training.machine import MachineWatch, report

SMI = "#!/bin/sh\necho '{}'\n"


class Context:
    """A job's context that counts how often it was asked, and stops waiting when told to."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, done, total, message):
        self.said.append(message)
        if stopping.is_set():
            raise WorkerStopping


@pytest.fixture
def smi(tmp_path, monkeypatch):
    """Puts an nvidia-smi first on the path that always answers the same."""

    def answer(text):
        script = tmp_path / "nvidia-smi"
        script.write_text(SMI.format(text))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return answer


@pytest.fixture
def no_smi(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)


def test_without_a_gpu_a_run_is_on_the_processor(no_smi):
    with device_for(Context()) as device:
        assert (device.title, device.environment) == ("CPU", {})


def test_gpus_are_those_of_the_machine_that_one_may_use(smi, monkeypatch):
    smi("0, NVIDIA H100\n1, NVIDIA H100")
    assert [device.title for device in gpus()] == ["GPU 0", "GPU 1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [device.title for device in gpus()] == ["GPU 1"]
    smi("No devices were found")
    assert gpus() == []


def test_two_runs_get_a_gpu_each_and_the_third_waits(monkeypatch):
    monkeypatch.setattr(devices, "gpus", lambda: [Device(0), Device(1)])
    monkeypatch.setattr(devices, "LOOK_AGAIN_SECONDS", 0)
    with device_for(Context()) as first, device_for(Context()) as second:
        assert [first.environment, second.environment] == [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "1"}]
        context = Context()
        stopping.set()
        try:
            with pytest.raises(WorkerStopping), device_for(context):
                pytest.fail("there was no GPU left")
        finally:
            stopping.clear()
        assert context.said == ["Waiting for a GPU: each of them has a run."]
    with device_for(Context()) as again:
        assert again == Device(0)


def test_a_lock_is_given_back(runs_root):
    file = lock(Device(0))
    assert file and is_busy(Device(0)) and lock(Device(0)) is None
    file.close()
    assert not is_busy(Device(0))


def test_a_process_is_read_no_oftener_than_is_due(smi):
    smi("87, 1024, 81559, [N/A]")
    now = [0.0]
    with subprocess.Popen(["sleep", "60"]) as process:
        watch = MachineWatch(process.pid, 0, lambda: now[0])
        reading = watch.read()
        assert reading["memory_mb"] >= 0 and reading["machine_memory_total_mb"] > 0
        assert (reading["gpu_percent"], reading["gpu_memory_mb"]) == (87, 1024)
        assert "gpu_temperature" not in reading
        assert watch.read() is None
        now[0] += machine.EVERY_SECONDS
        assert watch.read()
        process.kill()


def test_a_process_that_has_ended_reads_as_nothing():
    with subprocess.Popen(["true"]) as process:
        pass
    assert MachineWatch(process.pid, None).read() is None


def test_a_worker_asks_once_for_all_gpus(monkeypatch):
    asked = []

    def answer(*options):
        asked.append(options)
        return [["0", "H100", "71", "9000", "80000", "55"], ["1", "H100", "[N/A]", "10", "80000", "40"]]

    monkeypatch.setattr("training.machine.nvidia_smi", answer)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    first, second = report()["gpus"]
    assert len(asked) == 1 and (first["number"], first["name"], first["gpu_percent"]) == (0, "H100", 71.0)
    assert "gpu_percent" not in second and second["gpu_memory_mb"] == 10.0
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [card["number"] for card in report()["gpus"]] == [1]
