"""Precision, recall and F1 of one class over all score thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detections.metrics.values import OperatingPoint


@dataclass(frozen=True, eq=False)
class Sweep:
    """One entry per score that occurs, falling: true positives and predicted boxes with at least that score.

    Boxes of equal score come in together, and nothing is interpolated.
    """

    scores: NDArray[np.float64]
    hits: NDArray[np.int64]
    counts: NDArray[np.int64]
    objects: int

    def precision(self) -> NDArray[np.float64]:
        return self.hits / self.counts

    def recall(self) -> NDArray[np.float64]:
        return self.hits / max(1, self.objects)

    def f1(self) -> NDArray[np.float64]:
        return 2 * self.hits / (self.counts + self.objects)

    def at(self, score: float) -> OperatingPoint:
        """The operating point when only boxes with at least `score` count."""
        place = int(np.searchsorted(-self.scores, -score, side="right")) - 1
        hits, count = (int(self.hits[place]), int(self.counts[place])) if place >= 0 else (0, 0)
        return make_point(score, hits, count, self.objects)

    def best(self) -> OperatingPoint | None:
        """The threshold with the highest F1; of equals the highest threshold. None without objects or a hit."""
        if not self.objects or not len(self.scores):
            return None
        place = int(np.argmax(self.f1()))
        if not self.hits[place]:
            return None
        values = float(self.scores[place]), int(self.hits[place]), int(self.counts[place])
        return make_point(*values, self.objects)


def sweep(scores: NDArray[np.float64], hits: NDArray[np.bool_], objects: int) -> Sweep:
    """From boxes of falling score and whether each is a true positive."""
    last_of_equals = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])
    return Sweep(scores[last_of_equals], np.cumsum(hits, dtype=np.int64)[last_of_equals], last_of_equals + 1, objects)


def make_point(score: float, hits: int, predictions: int, objects: int) -> OperatingPoint:
    precision = hits / predictions if predictions else None
    recall = hits / objects if objects else None
    f1 = 2 * hits / (predictions + objects) if objects else None
    return OperatingPoint(score=score, precision=precision, recall=recall, f1=f1)
