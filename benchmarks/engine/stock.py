"""The API's own training loop, as the other side of a comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace


def train_loop(run_dir: Path, steps_per_call: int, on_clock: Callable[[int], None]) -> None:
    """Runs `model_lib_v2.train_loop` on a run directory's pipeline.config, at its leanest: no images are written.

    The loop reads the clock once before its first iteration, of `steps_per_call` steps, and twice after each; that is
    the only place to look in. `on_clock` is called there with the number of earlier readings.
    """
    from training.engine import compat

    compat.apply()
    from object_detection import model_lib_v2

    calls = [0]

    def now() -> float:
        on_clock(calls[0])
        calls[0] += 1
        return time.time()

    model_lib_v2.time = SimpleNamespace(time=now)
    model_lib_v2.train_loop(
        str(run_dir / "pipeline.config"),
        str(run_dir / "stock"),
        checkpoint_every_n=10**9,
        record_summaries=False,
        num_steps_per_iteration=steps_per_call,
    )
