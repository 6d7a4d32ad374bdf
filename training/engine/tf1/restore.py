"""Starting from a checkpoint of TensorFlow 1: every tensor that fits is kept, found by its name.

Needs `compat.apply("tf1")` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from numpy.typing import NDArray

from training.engine.errors import EngineError
from training.engine.restore import Restored, Skipped, moved_by_name

Array = NDArray[np.float32]

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # only in checkpoints of TensorFlow 2
CLASS_HEADS = ("/ClassPredictor/weights", "/ClassPredictor/biases")
BOX_HEADS = (
    "SecondStageBoxPredictor/BoxEncodingPredictor/weights",
    "SecondStageBoxPredictor/BoxEncodingPredictor/biases",
)
CODE_SIZE = 4  # numbers a box is encoded with


class Stored:
    """The tensors of a checkpoint by name; `EngineError` says when it cannot be one of TensorFlow 1."""

    def __init__(self, prefix: str) -> None:
        self._file = Path(prefix).name
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            self._names = self._reader.get_variable_to_shape_map()
        except (tf.errors.OpError, ValueError, RuntimeError) as error:
            raise self._unusable("is not a checkpoint that can be read") from error
        if OBJECT_GRAPH in self._names:
            raise self._unusable("was written by an architecture of TensorFlow 2 and fits none of TensorFlow 1")

    def tensor(self, name: str) -> Array | None:
        """The tensor of that name; a network trained for image classification has it without the first scope."""
        for known in (name, name.partition("/")[2]):
            if known in self._names:
                return np.asarray(self._reader.get_tensor(known))
        return None

    def _unusable(self, reason: str) -> EngineError:
        return EngineError("bad_checkpoint", f"{self._file} {reason}; choose another base model.")


def load_checkpoint(
    session: Any, variables: Sequence[Any], prefix: str, old_classes: Sequence[str], new_classes: Sequence[str]
) -> Restored:
    """Copies the weights of another detector into the session's `variables`.

    `old_classes` and `new_classes` are class names in the order of their ids. Raises `EngineError` when the checkpoint
    cannot be read or nothing in it fits.
    """
    if not Path(prefix + ".index").exists():
        sentence = f"The checkpoint {Path(prefix).name} is missing; choose another base model."
        raise EngineError("bad_checkpoint", sentence)
    stored = Stored(prefix)
    kept, skipped = 0, []
    for variable, fresh in zip(variables, session.run(list(variables)), strict=True):
        name = variable.op.name
        value, reason = fitted(name, fresh, stored.tensor(name), old_classes, new_classes)
        if value is not None:
            variable.load(value, session)
            kept += 1
        if reason:
            skipped.append(Skipped(name, reason))
    if not kept:
        sentence = f"No weight of {Path(prefix).name} fits this model; choose a base of the same architecture."
        raise EngineError("base_mismatch", sentence)
    return Restored(prefix, kept, tuple(skipped))


def fitted(
    name: str, fresh: Array, stored: Array | None, old: Sequence[str], new: Sequence[str]
) -> tuple[Array | None, str]:
    """(value to assign or None, why something was left out or an empty string)."""
    if stored is None:
        return None, "not in the checkpoint"
    value = by_class_name(name, fresh, stored, old, new)
    if value is not None:
        unknown = [one for one in new if one not in old]
        return value, f"new classes start fresh: {', '.join(unknown)}" if unknown else ""
    if stored.shape != fresh.shape:
        return None, f"shape {stored.shape}, needed {fresh.shape}"
    return stored, ""


def by_class_name(name: str, fresh: Array, stored: Array, old: Sequence[str], new: Sequence[str]) -> Array | None:
    """The head of the classes, or of one box for each class, with the known classes taken over; None for the rest."""
    if not old:
        return None
    if name.endswith(CLASS_HEADS) and stored.shape[-1] % (len(old) + 1) == 0:
        return moved_by_name(fresh, stored, old, new)
    if name in BOX_HEADS and stored.shape[-1] == CODE_SIZE * len(old):
        return boxes_moved_by_name(fresh, stored, old, new)
    return None


def boxes_moved_by_name(fresh: Array, stored: Array, old: Sequence[str], new: Sequence[str]) -> Array | None:
    """The kernel or bias of a box head whose last axis is [classes, numbers of a box] flattened."""
    if fresh.shape[:-1] != stored.shape[:-1] or fresh.shape[-1] != CODE_SIZE * len(new):
        return None
    target = fresh.reshape(*fresh.shape[:-1], len(new), CODE_SIZE).copy()
    source = stored.reshape(*stored.shape[:-1], len(old), CODE_SIZE)
    for index, name in enumerate(new):
        if name in old:
            target[..., index, :] = source[..., old.index(name), :]
    return target.reshape(fresh.shape)
