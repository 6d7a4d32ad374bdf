"""The detection model and the one graph that turns pixels into boxes.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from object_detection.builders import model_builder

from training.engine.images import Pixels

RAW_OUTPUTS = ("raw_detection_boxes", "raw_detection_scores")
OUTPUTS = ("detection_boxes", "detection_classes", "detection_scores", "num_detections", *RAW_OUTPUTS)
Outputs = dict[str, NDArray[np.float32]]


def build_model(pipeline: Any) -> Any:
    """The API's detection model, without variables yet; `Detector` makes them."""
    return model_builder.build(pipeline.model, is_training=True)


class Detector:
    """The model in inference mode.

    Takes uint8 RGB images [batch, height, width, 3] of any size. Gives float32 arrays named as in the frozen graphs of
    2017: `detection_boxes` [batch, 100, 4] (ymin, xmin, ymax, xmax from 0 to 1), `detection_scores` [batch, 100]
    descending, `detection_classes` [batch, 100] (label map ids) and `num_detections` [batch]; and what non-maximum
    suppression chose from: `raw_detection_boxes` [batch, anchors, 4] (not clipped to the image) and
    `raw_detection_scores` [batch, anchors, background and classes].

    Making one creates the model's variables. It is traced once and follows them, so that one detector serves every
    evaluation of a run.
    """

    def __init__(self, model: Any, input_size: int) -> None:
        self._model = model
        self._size = input_size
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="image_tensor")
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time tracing takes.
        self._function = tf.function(self._detect, input_signature=[images], autograph=False)
        self._create_variables()

    def trace(self) -> Any:
        """The concrete function, for freezing."""
        return self._function.get_concrete_function()

    def __call__(self, images: Pixels) -> Outputs:
        return {name: value.numpy() for name, value in self._function(images).items()}

    def _create_variables(self) -> None:
        # A function that creates variables is traced twice; one eager pass is quicker.
        self._use_inference_mode()
        side = self._size
        self._model.predict(tf.zeros([1, side, side, 3]), tf.constant([[side, side, 3]]))

    def _use_inference_mode(self) -> None:
        """Batch normalisation looks at these two while the graph is traced."""
        self._model._is_training = False
        tf.keras.backend.set_learning_phase(False)

    def _detect(self, image_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        self._use_inference_mode()
        # One resize for the whole batch in place of model.preprocess, whose loop over images ONNX cannot express.
        side = self._size
        resized = tf.compat.v1.image.resize_images(tf.cast(image_tensor, tf.float32), [side, side])
        inputs = self._model.feature_extractor.preprocess(resized)
        shapes = tf.tile([[side, side, 3]], [tf.shape(inputs)[0], 1])
        found = self._model.postprocess(self._model.predict(inputs, shapes), shapes)
        found["detection_classes"] = tf.cast(found["detection_classes"], tf.float32) + 1.0  # 0 is the background
        return {name: tf.cast(found[name], tf.float32) for name in OUTPUTS}
