"""Runs frozen_inference_graph.pb. Needs tensorflow (1.x or 2.x) and numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")


def load(folder: Path, about: dict[str, Any]) -> Callable[[Any], tuple[Any, Any, Any]]:
    """A function from uint8 RGB pixels [height, width, 3] to boxes, scores and class ids, best first.

    Boxes [n, 4] are xmin, ymin, xmax, ymax in pixels; scores [n] go from 0 to 1.
    """
    import tensorflow.compat.v1 as tf

    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(tf.GraphDef.FromString((folder / about["file"]).read_bytes()), name="")
    session = tf.Session(graph=graph)
    names = {name: f"{name}:0" for name in OUTPUTS}

    def detect(pixels: Any) -> tuple[Any, Any, Any]:
        outputs = session.run(names, {about["input"]: pixels[None]})
        found = int(outputs["num_detections"][0])
        height, width = pixels.shape[:2]
        boxes = outputs["detection_boxes"][0, :found][:, [1, 0, 3, 2]]
        edges = boxes * np.array([width, height, width, height], np.float32)
        return edges, outputs["detection_scores"][0, :found], outputs["detection_classes"][0, :found].astype(int)

    return detect
