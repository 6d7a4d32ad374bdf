"""Runs saved_model.pb. Needs tensorflow and numpy.

In a notebook `tf.saved_model.load(folder)(images)` does it too, with uint8 images [batch, height, width, 3]; the
session used here is quicker to its first answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: Path, about: dict[str, Any]) -> Callable[[Any], tuple[Any, Any, Any]]:
    """A function from uint8 RGB pixels [height, width, 3] to boxes, scores and class ids, best first.

    Boxes [n, 4] are xmin, ymin, xmax, ymax in pixels; scores [n] go from 0 to 1.
    """
    import tensorflow.compat.v1 as tf

    session = tf.Session(graph=tf.Graph())
    with session.graph.as_default():
        served = tf.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
    images = served.inputs[about["input"]].name
    names = {name: output.name for name, output in served.outputs.items() if not name.startswith("raw_")}

    def detect(pixels: Any) -> tuple[Any, Any, Any]:
        outputs = session.run(names, {images: pixels[None]})
        found = int(outputs["num_detections"][0])
        height, width = pixels.shape[:2]
        boxes = outputs["detection_boxes"][0, :found][:, [1, 0, 3, 2]]
        edges = boxes * np.array([width, height, width, height], np.float32)
        return edges, outputs["detection_scores"][0, :found], outputs["detection_classes"][0, :found].astype(int)

    return detect
