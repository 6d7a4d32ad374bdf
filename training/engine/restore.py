"""Starting from an earlier detector: every tensor that fits is kept, class weights follow the names of the classes.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine.checkpoint_reader import Array, CheckpointReader
from training.engine.class_heads import ClassAxis, class_axes, moved_by_name, unknown
from training.engine.errors import EngineError


@dataclass(frozen=True)
class Skipped:
    """A tensor of the model that kept its fresh value, or a part of it."""

    name: str
    reason: str


@dataclass(frozen=True)
class Restored:
    """What a base gave to a model."""

    source: str
    kept: int
    skipped: tuple[Skipped, ...]


def load_checkpoint(model: Any, prefix: str, old_classes: Sequence[str], new_classes: Sequence[str]) -> Restored:
    """Copies the weights of a detector with other classes into `model`, whose variables must exist.

    `old_classes` and `new_classes` are class names in the order of their ids. Raises `EngineError` when the checkpoint
    cannot be read or nothing in it fits.
    """
    reader = CheckpointReader(prefix)
    axes = class_axes(model) if hasattr(model, "num_classes") else {}
    kept, skipped = 0, []
    for path, variable, stored in reader.pairs(tf.train.Checkpoint(model=model)):
        value, reason = fitted(variable.numpy(), stored, axes.get(id(variable)), old_classes, new_classes)
        if value is not None:
            variable.assign(value)
            kept += 1
        if reason:
            skipped.append(Skipped(path, reason))
    if not kept:
        sentence = f"No weight of {Path(prefix).name} fits this model; choose a base of the same architecture."
        raise EngineError("base_mismatch", sentence)
    return Restored(prefix, kept, tuple(skipped))


def fitted(
    fresh: Array, stored: Array | None, axis: ClassAxis | None, old: Sequence[str], new: Sequence[str]
) -> tuple[Array | None, str]:
    """(value to assign in place of `fresh` or None, why something was left out or an empty string)."""
    if stored is None:
        return None, "not in the checkpoint"
    if axis and old:
        value = moved_by_name(fresh, stored, old, new, axis)
        strange = unknown(old, new)
        if value is not None:
            return value, f"new classes start fresh: {', '.join(strange)}" if strange else ""
    if stored.shape != fresh.shape:
        unnamed = ", and the names of the base's classes are not known" if axis and not old else ""
        return None, f"shape {stored.shape}, needed {fresh.shape}{unnamed}"
    if axis and old:
        return None, f"made for other classes than the {len(old)} named with the base"
    return stored, ""
