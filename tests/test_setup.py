"""deploy/setup.sh: which lists a machine with and without a GPU gets. Nothing is installed: pip is a stand-in."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = ("deploy/setup.sh", "requirements.txt", "requirements-nodeps.txt", "requirements-gpu.txt", "constraints.txt")
PYTHON = """#!/bin/bash
echo "$@" >>"$PIP_LOG"
while [ $# -gt 0 ]; do [ "$1" = -r ] && cat "$2" >>"$PIP_LOG"; shift; done
exit 0
"""


@pytest.fixture
def setup(tmp_path):
    """Runs setup.sh in a copy of its own; returns what pip was told, requirement files spelt out."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    log = tmp_path / "pip.log"

    def run(**environment: str) -> str:
        log.write_text("")
        clean = {key: value for key, value in os.environ.items() if key != "SW_GPU"}
        argv = ["bash", str(tmp_path / "deploy" / "setup.sh"), "run"]
        subprocess.run(argv, env={**clean, "PIP_LOG": str(log), **environment}, check=True, capture_output=True)
        return log.read_text()

    return run


def test_without_a_gpu(setup):
    told = setup()
    assert "\nonnxruntime==" in told and "tensorflow[and-cuda]" not in told
    assert setup() == "", "what is installed is not installed again"


def test_with_a_gpu(setup):
    told = setup(SW_GPU="1")
    assert "\ntensorflow[and-cuda]==" in told and "\nonnxruntime-gpu==" in told and "\nonnxruntime==" not in told
    assert "uninstall -y onnxruntime\n" in told


def test_a_gpu_machine_stays_one_until_told_otherwise(setup):
    setup(SW_GPU="1")
    assert setup() == ""
    assert "uninstall -y onnxruntime-gpu\n" in setup(SW_GPU="0")
    assert setup() == ""
