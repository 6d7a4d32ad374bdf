"""The real engine, into which faults are put: `python -m tests.fakes.faulty_engine train RUN_DIR`.

RUN_DIR/faults.json is a list of [step, fault]; each strikes once, before the step after that one: "memory" is the error
TensorFlow raises when an allocation fails, "nan" a weight that is no number any more, "kill" a kill -9.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from training.engine import commands
from training.engine.__main__ import main

load_trainer = commands.load_trainer


def strike(loop: Any, run_dir: Path) -> None:
    for step, fault in json.loads((run_dir / "faults.json").read_text()):
        mark = run_dir / f"struck-{step}-{fault}"
        if loop.step == step and not mark.exists():
            mark.touch()
            FAULTS[fault](loop)


def fill_the_memory(loop: Any) -> None:
    import tensorflow as tf

    raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[8,96,96,32]")


def spoil_a_weight(loop: Any) -> None:
    weight = loop._model.trainable_variables[0]
    weight.assign(weight * float("nan"))


def kill(loop: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {"memory": fill_the_memory, "nan": spoil_a_weight, "kill": kill}


def with_faults(run_dir: Path) -> Any:
    """In the place of `commands.load_trainer`: the same, and a loop whose every step may be struck."""

    def load(way: str) -> Any:
        trainer = load_trainer(way)
        from training.engine.loop.training_loop import TrainingLoop

        trace = TrainingLoop._trace

        def traced(loop: Any) -> None:
            trace(loop)
            steps = loop._steps
            loop._steps = lambda most: (strike(loop, run_dir), steps(1))[1]

        TrainingLoop._trace = traced
        return trainer

    return load


if __name__ == "__main__":
    commands.load_trainer = with_faults(Path(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
