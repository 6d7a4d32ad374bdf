"""The detection model in inference mode, in a graph and a session of its own. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf
from object_detection.builders import model_builder
from object_detection.meta_architectures.ssd_meta_arch import SSDMetaArch

from training.engine import model
from training.engine.freezing import INPUT, SCOPE
from training.engine.images import Pixels
from training.engine.model import Outputs
from training.engine.resizing import resizer_of
from training.engine.tf1.session import open_session


class Detector(model.Detector):
    """Answers like `training.engine.model.Detector`, with the weights of the checkpoint it last restored.

    The graph has the tensor names of the 2017 frozen graphs. Its loops are functional unless `functional_loops` is
    False: those of TensorFlow 1 are what every reader of frozen graphs knows, but tf2onnx writes a broken model from
    them when the batch size is open. A fixed batch size unrolls the API's loops over images.
    """

    def __init__(self, pipeline: Any, functional_loops: bool = True, batch: int | None = None) -> None:
        self.graph = tf.Graph()
        with self.graph.as_default(), loops(functional_loops):
            self.model = model_builder.build(pipeline.model, is_training=False)
            self.resizer = resizer_of(self.model)
            self.normalise_first = isinstance(self.model, SSDMetaArch)
            self._images = tf.placeholder(tf.uint8, [batch, None, None, 3], name=INPUT)
            with tf.name_scope(SCOPE):
                # AutoGraph would rewrite the API's code, which is graph code already, and treble the time this takes.
                found = tf.autograph.experimental.do_not_convert(self._detect)(self._images)
            self.outputs = {name: tf.identity(value, name=name) for name, value in found.items()}
            self.saver = tf.train.Saver(tf.global_variables())
        self.session = open_session(self.graph)

    def restore(self, prefix: Path) -> None:
        """Takes the weights of a checkpoint of the same run."""
        self.saver.restore(self.session, str(prefix))

    def __call__(self, images: Pixels) -> Outputs:
        answers: Outputs = self.session.run(self.outputs, {self._images: images})
        return answers

    def freeze(self) -> Any:
        """The graph from `image_tensor` to the outputs as a GraphDef, the present weights as constants."""
        with self.graph.as_default():
            frozen = tf.graph_util.convert_variables_to_constants(
                self.session, self.graph.as_graph_def(), list(self.outputs)
            )
        for node in [*frozen.node, *(node for function in frozen.library.function for node in function.node_def)]:
            # It invites every optimizer, tf2onnx's too, to turn functional loops into the other kind.
            node.attr.pop("_lower_using_switch_merge", None)
        return frozen


@contextmanager
def loops(functional: bool) -> Iterator[None]:
    """Which kind of loop TensorFlow puts into the graph meanwhile."""
    if functional:
        tf.enable_control_flow_v2()
    try:
        yield
    finally:
        tf.disable_control_flow_v2()
