"""Starting from a checkpoint of TensorFlow 1: every tensor that fits is kept, found by its name.

Needs `compat.apply("tf1")` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from training.engine.checkpoint_reader import OBJECT_GRAPH, READING_ERRORS, Array, bad
from training.engine.class_heads import BOX_CODE_SIZE, ClassAxis
from training.engine.errors import EngineError
from training.engine.restore import Restored, Skipped, fitted

CLASSES, FIRST_STAGE = "/ClassPredictor/", "FirstStage"
BOXES = "SecondStageBoxPredictor/BoxEncodingPredictor/"


class Stored:
    """The tensors of a checkpoint by name; `EngineError` says why it cannot be one of TensorFlow 1."""

    def __init__(self, prefix: str) -> None:
        self._file = Path(prefix).name
        if not Path(prefix + ".index").exists():
            raise bad(f"The checkpoint {self._file} is missing; choose another base model.")
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            self._names = self._reader.get_variable_to_shape_map()
        except READING_ERRORS as error:
            raise bad(f"{self._file} is not a checkpoint that can be read; choose another base model.") from error
        if OBJECT_GRAPH in self._names:
            raise bad(
                f"{self._file} is a checkpoint of TensorFlow 2, which fits no model of TensorFlow 1; choose an "
                "architecture of TensorFlow 2 for it, or another base model."
            )

    def tensor(self, name: str) -> Array | None:
        """The tensor of that name; a network trained for image classification has it without the first scope."""
        for known in (name, name.partition("/")[2]):
            if known in self._names:
                try:
                    return np.asarray(self._reader.get_tensor(known))
                except READING_ERRORS as error:
                    raise bad(f"{self._file} is damaged or cut off; fetch it again, or choose another.") from error
        return None


def load_checkpoint(
    session: Any, variables: Sequence[Any], prefix: str, old_classes: Sequence[str], new_classes: Sequence[str]
) -> Restored:
    """Copies the weights of another detector into the session's `variables`.

    `old_classes` and `new_classes` are class names in the order of their ids. Raises `EngineError` when the checkpoint
    cannot be read or nothing in it fits.
    """
    stored = Stored(prefix)
    kept, skipped = 0, []
    for variable, fresh in zip(variables, session.run(list(variables)), strict=True):
        name = variable.op.name
        value, reason = fitted(
            fresh, stored.tensor(name), class_axis(name, fresh, new_classes), old_classes, new_classes
        )
        if value is not None:
            variable.load(value, session)
            kept += 1
        if reason:
            skipped.append(Skipped(name, reason))
    if not kept:
        sentence = f"No weight of {Path(prefix).name} fits this model; choose a base of the same architecture."
        raise EngineError("base_mismatch", sentence)
    return Restored(prefix, kept, tuple(skipped))


def class_axis(name: str, fresh: Array, classes: Sequence[str]) -> ClassAxis | None:
    """The class axis of a variable of that name; None where it has none.

    The class heads of both families end in one number for the background and each class; that of Faster R-CNN's first
    stage only tells objects from background. Its second stage has a box for each class as well, unless all share one.
    """
    if CLASSES in name and not name.startswith(FIRST_STAGE):
        return ClassAxis(background=1)
    if name.startswith(BOXES) and fresh.shape[-1] == BOX_CODE_SIZE * len(classes):
        return ClassAxis(inner=BOX_CODE_SIZE)
    return None
