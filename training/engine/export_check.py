"""Whether an exported model answers like the checkpoint it was made from.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.engine.images import Pixels
from training.engine.model import Outputs
from training.engine.records import read_images

Detect = Callable[[Pixels], Outputs]
Array = NDArray[np.float32]

IMAGES = 4
DETECTIONS = 20


def compare(records: Sequence[Path], expected: Detect, actual: Detect) -> tuple[float, float]:
    """Largest (box, score) difference between two detectors on the first images of some records.

    Boxes are relative to the image, scores from 0 to 1.
    """
    box, score = 0.0, 0.0
    for image in islice(read_images(records), IMAGES):
        found = differences(expected(image.pixels[None]), actual(image.pixels[None]))
        box, score = max(box, found[0]), max(score, found[1])
    return box, score


def differences(expected: Outputs, actual: Outputs) -> tuple[float, float]:
    """Largest (box, score) difference of two answers to one image.

    The detections themselves cannot be compared one by one: where two scores agree to the last digit, suppression may
    keep either box. So the boxes and scores it chose from are compared, then the scores it arrived at, and each of the
    exported model's detections has to be one of its own candidates under the right class id.
    """
    box = gap(expected["raw_detection_boxes"], actual["raw_detection_boxes"])
    scores = [
        gap(expected["raw_detection_scores"], actual["raw_detection_scores"]),
        gap(expected["detection_scores"][:, :DETECTIONS], actual["detection_scores"][:, :DETECTIONS]),
    ]
    own_box, own_score = distance_from_candidates(actual)
    return max(box, own_box), max(*scores, own_score)


def gap(left: Array, right: Array) -> float:
    if left.shape != right.shape:
        return float("inf")
    return float(np.abs(left - right).max(initial=0.0))


def distance_from_candidates(outputs: Outputs) -> tuple[float, float]:
    """Largest (box, score) distance of the best detections from the nearest raw candidate of their class."""
    boxes, candidates = outputs["detection_boxes"][0], np.clip(outputs["raw_detection_boxes"][0], 0.0, 1.0)
    box, score = 0.0, 0.0
    for index in range(min(int(outputs["num_detections"][0]), DETECTIONS)):
        class_id = int(outputs["detection_classes"][0, index])
        box_gaps = np.abs(candidates - boxes[index]).max(axis=1)
        score_gaps = np.abs(outputs["raw_detection_scores"][0, :, class_id] - outputs["detection_scores"][0, index])
        nearest = int(np.maximum(box_gaps, score_gaps).argmin())
        box, score = max(box, float(box_gaps[nearest])), max(score, float(score_gaps[nearest]))
    return box, score
