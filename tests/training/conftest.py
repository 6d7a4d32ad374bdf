"""The engine's stand-in, and a run that is ready to be trained by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import make_version
from training.actions import start_run
from training.config import TrainingSettings
from training.engine import runner
from training.models import Run

FAKE = Path(__file__).resolve().parents[1] / "fakes" / "engine.py"


@pytest.fixture(autouse=True)
def runs_root(settings, tmp_path):
    """Run directories of this test alone: numbers are given out again from test to test."""
    settings.RUNS_ROOT = tmp_path / "runs"
    return settings.RUNS_ROOT


@pytest.fixture
def fake_engine(monkeypatch):
    """`runner.start` starts tests/fakes/engine.py; gives the list of (run directory, arguments) it was called with."""
    calls = []

    def start(run_dir, *arguments, environment=None):
        calls.append((Path(run_dir), arguments))
        command, *options = arguments or ("train",)
        with (Path(run_dir) / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(FAKE), command, str(Path(run_dir).resolve()), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    monkeypatch.setattr(runner, "start", start)
    monkeypatch.setattr("training.jobs.POLL_SECONDS", 0.02)
    return calls


@pytest.fixture
def version(db):
    """Eight images: four to train on, two for validation."""
    return make_version(images=8)


@pytest.fixture
def waiting_run(version, alice):
    """Makes a run whose job is there and not queued: `waiting_run("name that tells the fake engine what to do")`."""

    def make(name: str = "", steps: int = 20, **settings) -> Run:
        config = TrainingSettings.for_version(version, steps=steps, **settings)
        return start_run(version, config, user=alice, name=name, submit=False)

    return make
