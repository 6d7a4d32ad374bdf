"""engine_check: what the findings say, on this machine and on others; test_training gives it a real run's events."""

import shutil
import sys
from importlib import metadata

import pytest

from training.engine.runner import ROOT
from training.engine.selfcheck import machine, trial, versions
from training.engine.selfcheck.findings import FAILED, OK, WARNING, Finding, parsed


def test_a_finding_survives_its_line_of_output():
    finding = Finding("gpu", WARNING, "Zoë's GPU")
    assert parsed(finding.line()) == finding
    assert parsed("WARNING: something a library prints") is None
    assert parsed('{"step": 1}') is None


def test_this_machine_has_the_pinned_versions_and_an_unedited_library():
    assert [finding.state for finding in versions.check(ROOT)] == [OK, OK, OK]


@pytest.fixture
def requirements(tmp_path):
    def write(text, gpu=""):
        for name, content in (
            ("requirements.txt", text),
            ("requirements-nodeps.txt", ""),
            ("requirements-gpu.txt", gpu),
        ):
            (tmp_path / name).write_text(content)
        return tmp_path

    return write


def test_another_version_is_a_warning_and_none_a_failure(requirements):
    other = versions.pinned_versions(requirements("# numbers\nnumpy==1.0  # old\npillow>=1\n"))
    assert other.state == WARNING and f"numpy {metadata.version('numpy')} instead of 1.0" in other.sentence
    absent = versions.pinned_versions(requirements("no-such-package[extra]==1.0\n"))
    assert absent.state == FAILED and "no-such-package missing; run make setup" in absent.sentence


def test_a_gpu_machine_is_held_to_its_own_list(requirements, monkeypatch):
    found = {"tensorflow": "2.20.0", "onnxruntime-gpu": "1.26.0"}
    monkeypatch.setattr(versions, "installed", found.get)
    root = requirements(
        "tensorflow==2.20.0\nonnxruntime==1.32.0\n", "tensorflow[and-cuda]==2.20.0\nonnxruntime-gpu==1.26.0"
    )
    assert versions.pinned_versions(root).state == OK
    found["onnxruntime"] = "1.32.0"
    both = versions.pinned_versions(root)
    assert both.state == FAILED and "both installed" in both.sentence


def test_the_gpu_list_pins_the_same_tensorflow():
    assert versions.pins(ROOT, for_gpu=True)["tensorflow"] == versions.pins(ROOT)["tensorflow"]


def test_another_python_fails(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert versions.python_version().state == FAILED


def test_an_edited_library_is_named(tmp_path, monkeypatch):
    """A package whose RECORD says one checksum and whose file has another."""
    (tmp_path / "standin").mkdir()
    (tmp_path / "standin" / "module.py").write_text("x = 2\n")
    info = tmp_path / "standin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: standin\nVersion: 1.0\n")
    (info / "RECORD").write_text("standin/module.py,sha256=AAAA,6\nstandin/gone.py,sha256=AAAA,6\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert versions.edited_files("standin") == ["standin/module.py", "standin/gone.py"]
    monkeypatch.setattr(versions, "LIBRARY", "standin")
    assert versions.unedited_library().state == WARNING


@pytest.mark.parametrize(("free", "state"), [(0.5, FAILED), (3, WARNING), (50, OK)])
def test_disk(tmp_path, monkeypatch, free, state):
    usage = shutil._ntuple_diskusage(100 * machine.GIB, 0, free * machine.GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert machine.disk(tmp_path).state == state


def test_the_driver_s_tool_is_asked_for_cards(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA T4, 15360 MiB'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert machine.nvidia_cards() == ["NVIDIA T4, 15360 MiB"]
    tool.write_text("#!/bin/sh\necho 'no devices' ; exit 9\n")
    assert machine.nvidia_cards() == []


TOLD = [
    {"type": "state", "time": 10.0, "state": "starting", "message": ""},
    {"type": "step", "time": 15.0, "step": 1},
    {"type": "step", "time": 16.0, "step": 2},
    {"type": "eval", "time": 18.0, "seconds": 2.0},
    {"type": "export", "time": 30.0, "format": "onnx", "max_box_difference": 1e-7, "max_score_difference": 2e-7},
]


def test_the_events_of_the_trial_become_sentences():
    found = list(trial.stages(TOLD))
    assert [finding.check for finding in found] == ["steps", "evaluation", "export"]
    assert "the first after 5 s" in found[0].sentence
    assert "boxes differ by 1e-07, scores by 2e-07" in found[2].sentence
    assert list(trial.stages(TOLD[:1])) == []
    assert trial.last_state(TOLD) == "starting"
