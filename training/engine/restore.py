"""Starting from an earlier detector: every tensor that fits is kept, class weights follow the names of the classes.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf import trackable_object_graph_pb2

from training.engine.errors import EngineError

CLASS_HEAD = "_prediction_heads/class_predictions_with_background"
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Skipped:
    """A tensor of the model that kept its fresh value."""

    name: str
    reason: str


@dataclass(frozen=True)
class Restored:
    """What a base gave to a model."""

    source: str
    kept: int
    skipped: tuple[Skipped, ...]


class CheckpointReader:
    """Tensors of an object-based checkpoint, found by walking its object graph beside the live one."""

    def __init__(self, prefix: str) -> None:
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            graph = self._reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
        except (tf.errors.OpError, ValueError, RuntimeError) as error:
            raise EngineError(
                "bad_checkpoint",
                f"{Path(prefix).name} is not a TensorFlow 2 checkpoint that can be read; choose another base model.",
            ) from error
        self._nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(graph).nodes

    def pairs(self, root: Any) -> Iterator[tuple[str, tf.Variable, Array | None]]:
        """(path, live variable, stored tensor or None) for every variable reached from `root`."""
        view = tf.train.TrackableView(root)
        waiting: list[tuple[str, Any, int | None]] = [("", root, 0)]
        seen: set[int] = set()
        while waiting:
            path, live, node = waiting.pop()
            if id(live) in seen:
                continue
            seen.add(id(live))
            if isinstance(live, tf.Variable):
                yield path, live, self._tensor(node)
            stored = {} if node is None else {child.local_name: child.node_id for child in self._nodes[node].children}
            for name, child in view.children(live).items():
                waiting.append((f"{path}/{name}" if path else name, child, stored.get(name)))

    def _tensor(self, node: int | None) -> Array | None:
        if node is None or not self._nodes[node].attributes:
            return None
        return np.asarray(self._reader.get_tensor(self._nodes[node].attributes[0].checkpoint_key))


def load_checkpoint(model: Any, prefix: str, old_classes: Sequence[str], new_classes: Sequence[str]) -> Restored:
    """Copies the weights of a detector with other classes into `model`, whose variables must exist.

    `old_classes` and `new_classes` are class names in the order of their ids. Raises `EngineError` when the checkpoint
    cannot be read or nothing in it fits.
    """
    if not Path(prefix + ".index").exists():
        sentence = f"The checkpoint {Path(prefix).name} is missing; choose another base model."
        raise EngineError("bad_checkpoint", sentence)
    kept, skipped = 0, []
    for path, variable, stored in CheckpointReader(prefix).pairs(tf.train.Checkpoint(model=model)):
        value, reason = fitted(path, variable, stored, old_classes, new_classes)
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
    path: str, variable: tf.Variable, stored: Array | None, old: Sequence[str], new: Sequence[str]
) -> tuple[Array | None, str]:
    """(value to assign or None, why something was left out or an empty string)."""
    if stored is None:
        return None, "not in the checkpoint"
    if CLASS_HEAD in path and stored.shape[-1] % (len(old) + 1) == 0 and old:
        value = moved_by_name(variable.numpy(), stored, old, new)
        if value is None:
            return None, f"shape {stored.shape}, needed {tuple(variable.shape)}"
        fresh = [name for name in new if name not in old]
        return value, f"new classes start fresh: {', '.join(fresh)}" if fresh else ""
    if stored.shape != tuple(variable.shape):
        return None, f"shape {stored.shape}, needed {tuple(variable.shape)}"
    return stored, ""


def moved_by_name(fresh: Array, stored: Array, old: Sequence[str], new: Sequence[str]) -> Array | None:
    """The class head's kernel or bias with the columns of known classes taken over; None if the rest does not fit.

    The last axis is [anchors per location, background and classes] flattened.
    """
    anchors = stored.shape[-1] // (len(old) + 1)
    if fresh.shape[:-1] != stored.shape[:-1] or fresh.shape[-1] != anchors * (len(new) + 1):
        return None
    target = fresh.reshape(*fresh.shape[:-1], anchors, len(new) + 1).copy()
    source = stored.reshape(*stored.shape[:-1], anchors, len(old) + 1)
    target[..., 0] = source[..., 0]
    for index, name in enumerate(new, start=1):
        if name in old:
            target[..., index] = source[..., old.index(name) + 1]
    return target.reshape(fresh.shape)
