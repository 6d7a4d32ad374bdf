"""Precision, recall and F1 of one class at a score threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detections.metrics.values import OperatingPoint, Outcome

#: (outcome, score) of every predicted box of one class.
Judged = Sequence[tuple[Outcome, float]]


def point_at(judged: Judged, objects: int, score: float) -> OperatingPoint:
    """The operating point when only boxes with at least `score` count."""
    kept = [outcome for outcome, value in judged if value >= score]
    return make_point(score, kept.count(Outcome.TRUE_POSITIVE), len(kept), objects)


def best_point(judged: Judged, objects: int) -> OperatingPoint | None:
    """The threshold with the highest F1; of equals the highest threshold. None without objects or without a hit.

    Every score that occurs is tried (no interpolation), and boxes of equal score come in together.
    """
    if not objects or not judged:
        return None
    scores = np.array([score for _, score in judged])
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum([judged[index][0] is Outcome.TRUE_POSITIVE for index in order])
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    counts = np.arange(1, len(order) + 1)
    f1 = np.where(last_of_equals, 2 * hits / (counts + objects), -1.0)
    best = int(np.argmax(f1))
    if not hits[best]:
        return None
    return make_point(float(scores[order[best]]), int(hits[best]), int(counts[best]), objects)


def make_point(score: float, hits: int, predictions: int, objects: int) -> OperatingPoint:
    precision = hits / predictions if predictions else None
    recall = hits / objects if objects else None
    f1 = 2 * hits / (predictions + objects) if objects else None
    return OperatingPoint(score=score, precision=precision, recall=recall, f1=f1)
