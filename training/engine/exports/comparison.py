"""How far an export's answers are from its checkpoint's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engine.exports.reference import Answer, Ask, Compared, as_answer
from training.engine.exports.subject import Window, whole_window

Array = NDArray[np.float32]

DETECTIONS = 20  # of an image, the best ones
CONFIDENT = 0.5  # of the score of an image's best detection: the ones a quantised model has to find again
LEAST_SCORE = 0.1  # below it a detection is not an object to anybody


@dataclass(frozen=True)
class Comparison:
    """Differences over all compared images: boxes relative to the image's size, scores from 0 to 1.

    `max_box_difference` and `max_score_difference` are the distances of the export's best detections from what the
    checkpoint said (see `distances`), `max_rank_difference` compares the two lists of scores. `matched` counts the
    checkpoint's confident detections; `mean_iou` and `mean_score_difference` compare each with the export's detection
    of the same class that overlaps it most.
    """

    images: int
    max_box_difference: float
    max_score_difference: float
    max_rank_difference: float
    matched: int
    mean_iou: float
    mean_score_difference: float


def compare(compared: Iterable[Compared], ask: Ask, window: Window = whole_window) -> Comparison:
    """Asks the export about each image."""
    far: list[tuple[float, float]] = []
    ranks: list[float] = []
    pairs: list[tuple[float, float]] = []
    for item in compared:
        expected, actual = as_answer(item.expected, item.image.pixels), ask(item.image.pixels)
        far.append(distances(item, actual, window))
        ranks.append(gap(expected[1][:DETECTIONS], actual[1][:DETECTIONS]))
        pairs.extend(matches(expected, actual))
    box, score = (max(values, default=0.0) for values in zip(*far, strict=True)) if far else (0.0, 0.0)
    overlaps, gaps = np.array(pairs, np.float64).reshape(-1, 2).T
    mean_iou, mean_gap = (float(overlaps.mean()), float(gaps.mean())) if pairs else (1.0, 0.0)
    return Comparison(len(far), box, score, max(ranks, default=0.0), len(pairs), mean_iou, mean_gap)


def distances(item: Compared, actual: Answer, window: Window) -> tuple[float, float]:
    """Largest (box, score) distance of the export's best detections from the nearest of the checkpoint's.

    The two lists cannot be compared one by one: where two scores agree to the last digit, suppression may keep either
    box. So each of the export's detections has to be among what the checkpoint chose from, under the right class id.
    """
    height, width = item.image.pixels.shape[:2]
    boxes, scores, class_ids = actual
    relative = boxes / np.array([width, height, width, height], np.float32)
    box, score = 0.0, 0.0
    for index in range(min(len(scores), DETECTIONS)):
        candidates, candidate_scores = candidates_of(item, int(class_ids[index]), window(height, width))
        if not len(candidates):
            return float("inf"), float("inf")
        box_gaps = np.abs(candidates - relative[index]).max(axis=1)
        score_gaps = np.abs(candidate_scores - scores[index])
        nearest = int(np.maximum(box_gaps, score_gaps).argmin())
        box, score = max(box, float(box_gaps[nearest])), max(score, float(score_gaps[nearest]))
    return box, score


def gap(left: Array, right: Array) -> float:
    """Largest difference of two lists of scores; what is missing in one counts as 0."""
    longest = max(len(left), len(right))
    padded = [np.pad(values, (0, longest - len(values))) for values in (left, right)]
    return float(np.abs(padded[0] - padded[1]).max(initial=0.0))


def candidates_of(item: Compared, class_id: int, window: tuple[float, float]) -> tuple[Array, Array]:
    """The checkpoint's boxes (xmin, ymin, xmax, ymax, relative to the image) of a class and their scores.

    These are its detections and, where the family has them, the boxes suppression chose from; those are relative to the
    padded input and not clipped yet.
    """
    outputs = item.expected
    if not 1 <= class_id <= item.classes:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    chosen = outputs["detection_classes"][0] == class_id
    boxes, scores = outputs["detection_boxes"][0][chosen], outputs["detection_scores"][0][chosen]
    if "raw_detection_boxes" in outputs:
        raw = outputs["raw_detection_boxes"][0] / np.array([*window, *window], np.float32)
        raw_scores = outputs["raw_detection_scores"][0]
        column = class_id - 1 + raw_scores.shape[1] - item.classes  # most have the background first, EfficientDet none
        boxes = np.concatenate([boxes, np.clip(raw, 0.0, 1.0)])
        scores = np.concatenate([scores, raw_scores[:, column]])
    return boxes[:, [1, 0, 3, 2]], scores


def matches(expected: Answer, actual: Answer) -> Iterator[tuple[float, float]]:
    """(IoU, score difference) of each of the checkpoint's confident detections and its best partner of the class.

    A box narrower than a pixel, as CenterNet gives them before it has learnt sizes, overlaps with next to nothing once
    its last digit is rounded; it is left out unless the export found nothing at all.
    """
    boxes, scores, class_ids = expected
    least = max(LEAST_SCORE, CONFIDENT * scores[0]) if len(scores) else LEAST_SCORE
    for index in np.flatnonzero(scores[:DETECTIONS] >= least):
        if not len(actual[1]):
            yield 0.0, float(scores[index])
            continue
        if (boxes[index, 2:] - boxes[index, :2] < 1.0).any():
            continue
        same = np.flatnonzero(actual[2] == class_ids[index])
        overlaps = iou(boxes[index], actual[0][same])
        if not len(same):
            yield 0.0, float(scores[index])
            continue
        best = int(overlaps.argmax())
        yield float(overlaps[best]), float(abs(actual[1][same[best]] - scores[index]))


def iou(box: Any, others: Any) -> Any:
    """Intersection over union of one box [4] with others [n, 4]; edges xmin, ymin, xmax, ymax."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return shared / np.maximum((box[2:] - box[:2]).prod() + areas - shared, 1e-9)
