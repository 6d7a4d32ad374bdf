"""The detector as one graph without variables, with the tensor names of the 2017 frozen graphs.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from training.engine.model import EXTRA_OUTPUTS, OUTPUTS, Detector

INPUT = "image_tensor"
SCOPE = "model"  # the inner points of `training.engine.model` have their names below it


def freeze(detector: Detector, lower_control_flow: bool, batch: int | None = None, loops: bool = True) -> Any:
    """A GraphDef from `image_tensor:0` (uint8 [batch, height, width, 3]) to `detection_boxes:0` and the other outputs.

    With `lower_control_flow` the loops are those of TensorFlow 1, which every reader of frozen graphs knows; tf2onnx
    writes a broken model from them when the batch size is open and needs the functional kind. Without `loops` an SSD
    has none at all, see `Detector.trace`.
    """
    traced = detector.trace(batch, loops)
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=lower_control_flow)
    graph = tf.Graph()
    with graph.as_default():
        images = tf.compat.v1.placeholder(tf.uint8, [batch, None, None, 3], name=INPUT)
        # A function's dictionary comes back sorted by its keys.
        results = tf.import_graph_def(
            frozen.graph.as_graph_def(),
            input_map={frozen.inputs[0].name: images},
            return_elements=[output.name for output in frozen.outputs],
            name=SCOPE,
        )
        for name, result in zip(sorted(traced.structured_outputs), results, strict=True):
            tf.identity(result, name=name)
    return graph.as_graph_def()


def outputs_of(graph_def: Any) -> list[str]:
    """The names of the outputs a frozen graph has; CenterNet has no raw ones."""
    nodes = {node.name for node in graph_def.node}
    return [name for name in (*OUTPUTS, *EXTRA_OUTPUTS) if name in nodes]


class FrozenDetector(tf.Module):
    """A frozen graph as something that can be called and saved as a SavedModel."""

    def __init__(self, graph_def: Any) -> None:
        super().__init__()
        imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
        graph = imported.graph
        outputs = {name: graph.get_tensor_by_name(f"{name}:0") for name in outputs_of(graph_def)}
        self._function = imported.prune(graph.get_tensor_by_name(f"{INPUT}:0"), outputs)

    # The name of the input is the one the API's own exporter gives its SavedModels.
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="input_tensor")])
    def __call__(self, input_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs: dict[str, tf.Tensor] = self._function(input_tensor)
        return outputs
