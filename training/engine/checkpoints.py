"""Writing and finding checkpoints: the last few to go on from, and the best one to keep.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine import checkpoint_remains
from training.engine.errors import EngineError
from training.engine.rundir import RunDirectory, read_json, write_json

KEEP_LAST = 3


@dataclass(frozen=True)
class Best:
    """The best evaluation so far; AP and AP50 on val, from 0 to 1."""

    step: int
    ap: float
    ap50: float


class Checkpoints:
    """The checkpoints of one run. Each holds step, model and optimizer and is readable by the stock tools."""

    def __init__(self, run: RunDirectory, step: tf.Variable, model: Any, optimizer: Any) -> None:
        self._run = run
        self._step = step
        self._model = model
        self._all = tf.train.Checkpoint(step=step, model=model, optimizer=optimizer)
        checkpoint_remains.clear(run.checkpoints)
        if checkpoint_remains.clear(run.best):  # the next evaluation chooses a best one anew
            (run.best / "best.json").unlink(missing_ok=True)
        self._manager = tf.train.CheckpointManager(self._all, str(run.checkpoints), max_to_keep=KEEP_LAST)

    @property
    def saved_step(self) -> int:
        """The step of the newest checkpoint on disk, -1 when there is none."""
        latest = self._manager.latest_checkpoint
        return int(latest.rsplit("-", 1)[1]) if latest else -1

    def restore_latest(self) -> bool:
        """Goes back to the newest checkpoint, if there is one."""
        latest = self._manager.latest_checkpoint
        if latest:
            self._all.restore(latest)
        return bool(latest)

    def save(self) -> int:
        """Writes `ckpt-<step>`; refuses weights that are no longer numbers, so that every checkpoint can be used."""
        step = int(self._step.read_value())
        if not all_finite(self._model):
            raise nan_error(step)
        self._manager.save(checkpoint_number=step)
        return step

    def save_best(self, best: Best) -> None:
        """Replaces the best checkpoint; best.json always names one that is whole."""
        prefix = self._run.best / f"ckpt-{best.step}"
        tf.train.Checkpoint(step=self._step, model=self._model).write(str(prefix))
        write_json(self._run.best / "best.json", asdict(best))
        for old in self._run.best.glob("ckpt-*"):
            if not old.name.startswith(prefix.name + "."):
                old.unlink()


def read_best(run: RunDirectory) -> Best | None:
    """The best evaluation of the run so far, None before the first one."""
    path = run.best / "best.json"
    return Best(**read_json(path)) if path.exists() else None


def find(run: RunDirectory, which: str) -> Path:
    """Prefix of the checkpoint called `best`, `last` or a step number; `EngineError` when it does not exist."""
    best = read_best(run)
    if which == "best" and best:
        return run.best / f"ckpt-{best.step}"
    kept = {int(path.stem.split("-")[1]): path.with_suffix("") for path in run.checkpoints.glob("ckpt-*.index")}
    if which == "last" and kept:
        return kept[max(kept)]
    if which.isdigit() and int(which) in kept:
        return kept[int(which)]
    if best and which == str(best.step):
        return run.best / f"ckpt-{best.step}"
    sentence = f"The run has no checkpoint {which!r}; choose best or last, or train longer first."
    raise EngineError("no_checkpoint", sentence)


def load_model(model: Any, prefix: Path) -> None:
    """Puts the weights of a checkpoint of the same run into `model`, whose variables must exist."""
    status = tf.train.Checkpoint(model=model).read(str(prefix))
    status.expect_partial()
    status.assert_existing_objects_matched()


def all_finite(model: Any) -> bool:
    """Whether every weight, moving mean and variance is a number."""
    return all(bool(tf.reduce_all(tf.math.is_finite(value))) for value in model.variables if value.dtype.is_floating)


def nan_error(step: int) -> EngineError:
    return EngineError(
        "nan_loss",
        f"Training diverged at step {step}: the loss is no longer a number. Start again with a tenth of the learning "
        "rate, and look for boxes that are very small.",
    )
