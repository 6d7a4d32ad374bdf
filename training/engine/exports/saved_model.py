"""SavedModel with the signature of the API's own `exporter_lib_v2`, for any number of images at once.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine.exports.subject import Subject
from training.engine.freezing import INPUT, FrozenDetector, outputs_of

FILE = "saved_model.pb"
SIGNATURE_INPUT = "input_tensor"
# EfficientDet's activations have gradients of their own, which hold tensors of the graph they were made in and cannot
# be saved; nobody trains an export.
OPTIONS = tf.saved_model.SaveOptions(experimental_custom_gradients=False)


def write(subject: Subject, folder: Path) -> dict[str, Any]:
    graph_def = subject.graph()
    if tf.executing_eagerly():
        module = FrozenDetector(graph_def)
        tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__}, options=OPTIONS)
    else:
        write_from_session(graph_def, folder)
    return {"input": SIGNATURE_INPUT, "outputs": outputs_of(graph_def), "batch": "any"}


def write_from_session(graph_def: Any, folder: Path) -> None:
    """The same signature in TensorFlow 1's way, where a function cannot be saved."""
    v1 = tf.compat.v1
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        tf.import_graph_def(graph_def, name="")
        images = graph.get_tensor_by_name(f"{INPUT}:0")
        outputs = {name: graph.get_tensor_by_name(f"{name}:0") for name in outputs_of(graph_def)}
        signature = v1.saved_model.predict_signature_def({SIGNATURE_INPUT: images}, outputs)
        # The builder wants to make the folder itself.
        folder.rmdir()
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
