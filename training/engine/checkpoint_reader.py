"""Reading object-based checkpoints tensor by tensor. Needs `compat.apply()` first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf import trackable_object_graph_pb2

from training.engine.errors import EngineError

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
Array = NDArray[np.float32]
#: What TensorFlow's reader raises for files that are damaged, cut off or no checkpoints; it has no kind of its own.
READING_ERRORS = (tf.errors.OpError, ValueError, RuntimeError, IndexError)


class CheckpointReader:
    """Tensors of an object-based checkpoint, found by walking its object graph beside the live one."""

    def __init__(self, prefix: str) -> None:
        name = Path(prefix).name
        if not Path(prefix + ".index").exists():
            raise bad(f"The checkpoint {name} is missing; choose another base model.")
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            keys = self._reader.get_variable_to_shape_map()
            if OBJECT_GRAPH not in keys:
                raise bad(of_tensorflow_1(name) if keys else f"{name} is an empty checkpoint; choose another one.")
            graph = self._reader.get_tensor(OBJECT_GRAPH)
        except READING_ERRORS as error:
            raise bad(
                f"{name} is not a TensorFlow 2 checkpoint that can be read; choose another base model."
            ) from error
        self._nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(graph).nodes
        if "model" not in {child.local_name for child in self._nodes[0].children}:
            raise bad(f"{name} holds no detection model; choose a checkpoint that a training wrote.")

    def pairs(self, root: Any) -> Iterator[tuple[str, tf.Variable, Array | None]]:
        """(path, live variable, stored tensor or None) for every variable reached from `root`.

        A layer may be reached in several ways; one that the checkpoint knows too goes first.
        """
        view = tf.train.TrackableView(root)
        known: list[tuple[str, Any, int | None]] = [("", root, 0)]
        strange: list[tuple[str, Any, int | None]] = []
        seen: set[int] = set()
        while known or strange:
            path, live, node = (known or strange).pop()
            if id(live) in seen:
                continue
            seen.add(id(live))
            if isinstance(live, tf.Variable):
                yield path, live, self._tensor(node)
            stored = {} if node is None else {child.local_name: child.node_id for child in self._nodes[node].children}
            for name, child in view.children(live).items():
                waiting = known if name in stored else strange
                waiting.append((f"{path}/{name}" if path else name, child, stored.get(name)))

    def _tensor(self, node: int | None) -> Array | None:
        if node is None or not self._nodes[node].attributes:
            return None
        try:
            return np.asarray(self._reader.get_tensor(self._nodes[node].attributes[0].checkpoint_key))
        except READING_ERRORS as error:
            raise bad("The checkpoint is damaged or cut off; fetch it again, or choose another.") from error


def of_tensorflow_1(name: str) -> str:
    return (
        f"{name} is a checkpoint of TensorFlow 1, which fits no model of TensorFlow 2; choose an architecture of "
        "TensorFlow 1 for it (their names do not end in _keras), or another base model."
    )


def bad(sentence: str) -> EngineError:
    return EngineError("bad_checkpoint", sentence)
