"""The part of a detector's graph that TFLite runs: from the resized, normalised image to boxes.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.engine.freezing import SCOPE
from training.engine.model import DETECTIONS, ENCODINGS, INNER, PREPROCESSED, RAW_OUTPUTS, TRUE_SHAPES, Detector
from training.engine.resizing import BILINEAR, Resizer

INPUT = "images"
Array = NDArray[np.float32]


@dataclass(frozen=True)
class TfliteSettings:
    """What is fixed in a TFLite file.

    `preprocess` tells the caller how to make the input. For an SSD `anchors` are [n, 4] (ymin, xmin, ymax, xmax) and
    `attributes` those of TFLite's suppression; CenterNet has neither.
    """

    height: int
    width: int
    preprocess: dict[str, Any]
    anchors: Array | None = None
    attributes: str = ""


def tflite_settings(detector: Detector, pipeline_model: Any) -> TfliteSettings | None:
    """The settings of a TF2 model; None when TFLite cannot run it (see `exports.possible` for the sentences)."""
    resizer = detector.resizer
    if resizer is None or resizer.fixed_size is None or resizer.method != BILINEAR:
        return None
    how = preprocessing(detector, resizer)
    if how is None:
        return None
    height, width = resizer.fixed_size
    if detector.anchors is None:
        return TfliteSettings(height, width, how)
    return TfliteSettings(height, width, how, detector.anchors, suppression(pipeline_model.ssd))


def preprocessing(detector: Detector, resizer: Resizer) -> dict[str, Any] | None:
    """How pixels become input: `value = pixel [3] @ matrix + offset`, the margin takes `fill`. None if it is not so."""
    probes = np.zeros((5, 1, 1, 3), np.float32)
    probes[1:4, 0, 0] = np.eye(3)
    probes[4, 0, 0] = (200.0, 30.0, 100.0)
    # Copied: some of the functions work in place.
    values = np.stack([np.asarray(detector.normalise(tf.constant(probe[None])))[0, 0, 0] for probe in probes])
    offset, matrix = values[0], values[1:4] - values[0]
    if np.abs(probes[4, 0, 0] @ matrix + offset - values[4]).max() > 1e-2:
        return None
    fill = np.array(resizer.fill, np.float32)
    return {
        "height": resizer.fixed_size[0] if resizer.fixed_size else 0,
        "width": resizer.fixed_size[1] if resizer.fixed_size else 0,
        "keep_aspect_ratio": resizer.kind == "range",
        "shortest_side": resizer.width,
        "matrix": [[float(value) for value in row] for row in matrix],
        "offset": [float(value) for value in offset],
        "fill": [float(value) for value in (fill if detector.normalise_first else fill @ matrix + offset)],
    }


def suppression(ssd: Any) -> str:
    """Attributes of TFLite's suppression operation, equal to those of the pipeline."""
    found, coder = ssd.post_processing.batch_non_max_suppression, ssd.box_coder.faster_rcnn_box_coder
    whole = {"max_detections": found.max_total_detections or 100, "num_classes": ssd.num_classes}
    whole |= {"max_classes_per_detection": 1, "detections_per_class": found.max_detections_per_class or 100}
    real = {"nms_score_threshold": found.score_threshold, "nms_iou_threshold": found.iou_threshold}
    real |= {"y_scale": coder.y_scale, "x_scale": coder.x_scale}
    real |= {"h_scale": coder.height_scale, "w_scale": coder.width_scale}
    values = [f'attr {{ key: "{name}" value {{ i: {value} }} }}' for name, value in whole.items()]
    values += [f'attr {{ key: "{name}" value {{ f: {value:.10f} }} }}' for name, value in real.items()]
    # The other kind, one suppression for all classes, is quicker on a telephone and finds other boxes.
    regular = 'attr { key: "use_regular_nms" value { b: true } }'
    return " ".join(['name: "TFLite_Detection_PostProcess"', regular, *values])


def converted_function(graph_def: Any, settings: TfliteSettings) -> tuple[Any, Any]:
    """The concrete function to convert, and the module that keeps it alive."""
    module = tf.Module()
    shape = tf.TensorSpec([1, settings.height, settings.width, 3], tf.float32, name=INPUT)
    body = ssd_body if settings.anchors is not None else whole_body
    module.detect = tf.function(body(graph_def, settings), input_signature=[shape], autograph=False)
    return module.detect.get_concrete_function(), module


def ssd_body(graph_def: Any, settings: TfliteSettings) -> Any:
    """The network, then TFLite's suppression in place of the API's."""
    names = [f"{SCOPE}/{ENCODINGS}", f"{SCOPE}/{INNER}{RAW_OUTPUTS[1]}"]
    part = tf.compat.v1.graph_util.extract_sub_graph(graph_def, names)
    anchors = tf.constant(centres_and_sizes(settings.anchors))

    # TensorFlow has no such operation; the converter puts TFLite's own in place of this function by its attributes.
    @tf.function(experimental_implements=settings.attributes, autograph=False)
    def suppress(encodings: Any, scores: Any, anchors: Any) -> Any:
        return tuple(tf.constant(0.0) for _ in range(4))

    def detect(images: Any) -> dict[str, Any]:
        given = {f"{SCOPE}/{PREPROCESSED}:0": images}
        outputs = [f"{name}:0" for name in names]
        encodings, scores = tf.graph_util.import_graph_def(part, given, outputs, name="")
        boxes, classes, best, count = suppress(encodings, scores, anchors)
        return dict(zip(DETECTIONS, (boxes, classes, best, count), strict=True))

    return detect


def whole_body(graph_def: Any, settings: TfliteSettings) -> Any:
    """The detections of a model without suppression, of the whole padded square; classes counted from 0."""
    names = [f"{SCOPE}/{INNER}{name}" for name in DETECTIONS]
    part = tf.compat.v1.graph_util.extract_sub_graph(graph_def, names)

    def detect(images: Any) -> dict[str, Any]:
        size = tf.constant([[settings.height, settings.width, 3]])
        given = {f"{SCOPE}/{PREPROCESSED}:0": images, f"{SCOPE}/{TRUE_SHAPES}:0": size}
        outputs = [f"{name}:0" for name in names]
        found = dict(zip(DETECTIONS, tf.graph_util.import_graph_def(part, given, outputs, name=""), strict=True))
        return {**found, "detection_classes": found["detection_classes"] - 1.0}

    return detect


def centres_and_sizes(anchors: Any) -> Array:
    """Anchors [n, 4] as centre y, centre x, height, width."""
    low, high = anchors[:, :2], anchors[:, 2:]
    result: Array = np.concatenate([(low + high) / 2.0, high - low], axis=1).astype(np.float32)
    return result
