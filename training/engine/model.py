"""The detection model of any family and the one graph that turns pixels into boxes.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from object_detection.builders import model_builder
from object_detection.meta_architectures.ssd_meta_arch import SSDMetaArch

from training.engine.device import in_float32
from training.engine.images import Pixels
from training.engine.resizing import resizer_of
from training.engine.suppression import whole_batches

DETECTIONS = ("detection_boxes", "detection_classes", "detection_scores", "num_detections")
RAW_OUTPUTS = ("raw_detection_boxes", "raw_detection_scores")
OUTPUTS = (*DETECTIONS, *RAW_OUTPUTS)
# What the API's own exporter also gives, where the family has it.
EXTRA_OUTPUTS = ("detection_anchor_indices", "detection_multiclass_scores")
# Points inside the graph by which a part of it can be cut out, which TFLite needs.
PREPROCESSED, TRUE_SHAPES, ENCODINGS = "preprocessed_images", "true_shapes", "box_encodings"
INNER = "inner_"  # with the name of an output: the same before the function's own outputs, which wait for every loop
SIDE = 256
Outputs = dict[str, NDArray[np.float32]]


def build_model(pipeline: Any) -> Any:
    """The API's detection model, without variables yet; `Detector` makes them."""
    return model_builder.build(pipeline.model, is_training=True)


class Detector:
    """The model in inference mode.

    Takes uint8 RGB images [batch, height, width, 3] of any size. Gives float32 arrays named as in the frozen graphs of
    2017: `detection_boxes` [batch, 100, 4] (ymin, xmin, ymax, xmax from 0 to 1), `detection_scores` [batch, 100]
    descending, `detection_classes` [batch, 100] (label map ids) and `num_detections` [batch]; and, except for
    CenterNet, what non-maximum suppression chose from: `raw_detection_boxes` [batch, anchors, 4] (of the image as
    padded by the resizer, not clipped) and `raw_detection_scores` [batch, anchors, background and classes].

    Making one creates the model's variables. It is traced once and follows them, so that one detector serves every
    evaluation of a run.
    """

    def __init__(self, model: Any, side: int = 0) -> None:
        """`side` only matters to models whose input has no fixed size: what the first, eager pass is made with."""
        self.model = model
        self.resizer = resizer_of(model)
        self.normalise_first = isinstance(model, SSDMetaArch)
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="image_tensor")
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time tracing takes.
        self._function = tf.function(self._detect, input_signature=[images], autograph=False)
        self.anchors = self._create_variables(side)

    def trace(self, batch: int | None = None, loops: bool = True) -> Any:
        """The concrete function, for freezing; a fixed batch size unrolls the API's loops over images.

        Without `loops` an SSD suppresses the boxes of all images at once, and gives no `EXTRA_OUTPUTS`.
        """
        if batch is None and loops:
            return self._function.get_concrete_function()
        images = tf.TensorSpec([batch, None, None, 3], tf.uint8, name="image_tensor")
        function = tf.function(self._detect, input_signature=[images], autograph=False)
        with nullcontext() if loops else whole_batches(self.model):
            return function.get_concrete_function()

    def __call__(self, images: Pixels) -> Outputs:
        return {name: value.numpy() for name, value in self._function(images).items()}

    def normalise(self, images: tf.Tensor) -> tf.Tensor:
        """The family's own scaling of pixel values, of float images [batch, height, width, 3] from 0 to 255."""
        return self.model._feature_extractor.preprocess(images)

    def _create_variables(self, side: int) -> NDArray[np.float32] | None:
        """One eager pass; a function that creates variables would be traced twice. Returns the anchors of an SSD."""
        self._use_inference_mode()
        high, wide = (self.resizer and self.resizer.fixed_size) or (side or SIDE, side or SIDE)
        predicted = self.model.predict(tf.zeros([1, high, wide, 3]), tf.constant([[high, wide, 3]]))
        if not self.normalise_first:
            return None
        anchors: NDArray[np.float32] = predicted["anchors"].numpy()
        return anchors

    def _use_inference_mode(self) -> None:
        """Batch normalisation looks at these two while the graph is traced."""
        self.model._is_training = False
        tf.keras.backend.set_learning_phase(False)

    def _detect(self, image_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        self._use_inference_mode()
        inputs, shapes = self._preprocess(image_tensor)
        inputs, shapes = tf.identity(inputs, PREPROCESSED), tf.identity(shapes, TRUE_SHAPES)
        predicted = in_float32(self.model.predict(inputs, shapes))
        if ENCODINGS in predicted:
            predicted[ENCODINGS] = tf.identity(predicted[ENCODINGS], ENCODINGS)
        found = self.model.postprocess(predicted, shapes)
        found["detection_classes"] = tf.cast(found["detection_classes"], tf.float32) + 1.0  # 0 is the background
        names = [name for name in (*OUTPUTS, *EXTRA_OUTPUTS) if name in found]
        return {name: tf.identity(tf.cast(found[name], tf.float32), INNER + name) for name in names}

    def _preprocess(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What `model.preprocess` gives: the model's input and the true shape [batch, 3] of each image in it."""
        if self.resizer is None:
            inputs, shapes = self.model.preprocess(tf.cast(images, tf.float32))
            return inputs, shapes
        resized = self.resizer.resize(images)
        shape = tf.shape(resized)
        shapes = tf.tile([[shape[1], shape[2], 3]], [shape[0], 1])
        # An SSD fills the margin after normalising, the others before.
        if self.normalise_first:
            return self.resizer.fill_up(self.normalise(resized)), shapes
        return self.normalise(self.resizer.fill_up(resized)), shapes
