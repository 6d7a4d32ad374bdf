"""The engine's stand-in at a pace that faults can hit: ten steps a second, and a graph that detects."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.fakes import engine
from tests.fakes.onnx_model import write_onnx_model
from training.engine import parent

PACE_SECONDS = 0.1
FOUND = (1, 0.9, 0.05, 0.1, 0.3, 0.5)


class PacedEngine(engine.FakeEngine):
    def step(self, step: int) -> None:
        time.sleep(PACE_SECONDS)
        super().step(step)

    def save(self, folder: str, step: int) -> None:
        """As TensorFlow does: the data first, then the index that makes a checkpoint one."""
        (self.folder / folder).mkdir(exist_ok=True)
        for part in ("data-00000-of-00001", "index"):
            (self.folder / folder / f"ckpt-{step}.{part}").write_bytes(b"weights")

    def export(self, format: str, output: Path) -> None:
        if format == "onnx":
            write_onnx_model(output, {row["id"]: row["name"] for row in self.dataset["classes"]}, [FOUND])
            self.write("export", format=format, path=str(output), max_box_difference=1e-7, max_score_difference=2e-7)
            return
        super().export(format, output)


if __name__ == "__main__":
    parent.die_with_parent()
    engine.FakeEngine = PacedEngine
    sys.exit(engine.main(sys.argv[1:]))
