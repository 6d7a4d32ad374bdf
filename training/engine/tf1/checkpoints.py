"""Checkpoints by variable name: the last few to go on from, and the best one. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

from training.engine.checkpoints import Best, nan_error
from training.engine.rundir import RunDirectory, write_json
from training.engine.tf1.detector import Detector
from training.engine.tf1.training_graph import TrainingGraph


@dataclass(frozen=True)
class Saved:
    """A checkpoint on disk: its prefix and its step."""

    prefix: Path
    step: int


def latest(run: RunDirectory) -> Saved | None:
    """The newest checkpoint of a run."""
    found = tf.train.latest_checkpoint(str(run.checkpoints))
    return placed(run, found) if found else None


def placed(run: RunDirectory, prefix: str) -> Saved:
    """Where a checkpoint is now; TensorFlow's list of them may say where the run directory was when it was written."""
    name = Path(prefix).name
    return Saved(run.checkpoints / name, int(name.rsplit("-", 1)[1]))


class Checkpoints:
    """The checkpoints of one run. `detector` is the one the best is taken from after its evaluation."""

    def __init__(self, run: RunDirectory, training: TrainingGraph, session: Any, detector: Detector) -> None:
        self._run, self._training, self._session, self._detector = run, training, session, detector
        run.checkpoints.mkdir(exist_ok=True)

    @property
    def saved_step(self) -> int:
        """The step of the newest checkpoint on disk, -1 when there is none."""
        saved = latest(self._run)
        return saved.step if saved else -1

    def restore_latest(self) -> bool:
        """Goes back to the newest checkpoint, if there is one."""
        saved = latest(self._run)
        if saved:
            state = tf.train.get_checkpoint_state(str(self._run.checkpoints))
            known = [str(placed(self._run, path).prefix) for path in state.all_model_checkpoint_paths]
            self._training.saver.restore(self._session, str(saved.prefix))
            self._training.saver.recover_last_checkpoints(known)
        return saved is not None

    def save(self) -> int:
        """Writes `ckpt-<step>`; refuses weights that are no longer numbers, so that every checkpoint can be used."""
        finite, step = self._session.run([self._training.finite, self._training.step])
        if not finite:
            raise nan_error(int(step))
        prefix = str(self._run.checkpoints / "ckpt")
        self._training.saver.save(self._session, prefix, global_step=int(step), write_meta_graph=False)
        return int(step)

    def save_best(self, best: Best) -> None:
        """Replaces the best checkpoint by the detector's weights; best.json always names one that is whole."""
        prefix = self._run.best / f"ckpt-{best.step}"
        prefix.parent.mkdir(exist_ok=True)
        self._detector.saver.save(self._detector.session, str(prefix), write_meta_graph=False, write_state=False)
        write_json(self._run.best / "best.json", asdict(best))
        for old in self._run.best.glob("ckpt-*"):
            if not old.name.startswith(prefix.name + "."):
                old.unlink()
