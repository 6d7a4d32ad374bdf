"""Checkpoints by variable name: the last few to go on from, and the best one. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

from training.engine.checkpoints import KEEP_LAST, Best, nan_error
from training.engine.rundir import RunDirectory, write_json
from training.engine.tf1.detector import Detector
from training.engine.tf1.training_graph import TrainingGraph

__all__ = ["KEEP_LAST", "Checkpoints"]


class Checkpoints:
    """The checkpoints of one run. `detector` is the one the best is taken from after its evaluation."""

    def __init__(self, run: RunDirectory, training: TrainingGraph, session: Any, detector: Detector) -> None:
        self._run, self._training, self._session, self._detector = run, training, session, detector
        run.checkpoints.mkdir(exist_ok=True)

    @property
    def latest(self) -> Path | None:
        """Prefix of the newest checkpoint on disk."""
        prefix = tf.train.latest_checkpoint(str(self._run.checkpoints))
        # The file that lists them may have been written where the run directory was before it was carried here.
        return self._run.checkpoints / Path(prefix).name if prefix else None

    @property
    def saved_step(self) -> int:
        """The step of the newest checkpoint on disk, -1 when there is none."""
        latest = self.latest
        return int(latest.name.rsplit("-", 1)[1]) if latest else -1

    def restore_latest(self) -> bool:
        """Goes back to the newest checkpoint, if there is one."""
        latest = self.latest
        if latest:
            state = tf.train.get_checkpoint_state(str(self._run.checkpoints))
            known = [str(self._run.checkpoints / Path(path).name) for path in state.all_model_checkpoint_paths]
            self._training.saver.restore(self._session, str(latest))
            self._training.saver.recover_last_checkpoints(known)
        return bool(latest)

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
