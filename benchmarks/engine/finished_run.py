"""A run directory with a checkpoint to export, for benchmarks that are not given one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.training.engine.builders import make_request, make_run

ROOT = Path(__file__).resolve().parents[2]


def finished_run(run_dir: Path, size: int) -> Path:
    """Trains the default SSD for one step on generated photographs; the run also holds its ONNX export."""
    settings = make_request(steps=1, batch_size=1, evaluate_every=1, checkpoint_every=1)
    settings["model"] = {"depth_multiplier": 0.35, "input_size": size}
    make_run(run_dir, settings)
    subprocess.run([sys.executable, "-m", "training.engine", "train", str(run_dir)], cwd=ROOT, check=True)
    return run_dir
