"""How far a figure may move with other images of the same kind: 95 % intervals from resampled images.

Images are drawn with replacement, as many as there are; what their boxes were matched to stays. AP of each draw is
hotcoco's. A draw without an object of a class says nothing of that class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hotcoco import metrics
from numpy.typing import NDArray

from detections.metrics.matching import Matching
from detections.metrics.table import Table
from detections.metrics.values import Interval

RESAMPLES = 200
SEED = 1
#: With fewer objects than this a figure should be read with its interval.
FEW_OBJECTS = 30


def resampled_precision(table: Table, matching: Matching, class_ids: Sequence[int]) -> NDArray[np.float64]:
    """AP at the matching's IoU of each class in each draw, [RESAMPLES, K]; NaN where a draw has no object of it."""
    rng = np.random.default_rng(SEED)
    images = len(table.image_ids)
    result = np.full((RESAMPLES, len(class_ids)), np.nan)
    boxes = [np.flatnonzero(table.classes == class_id) for class_id in class_ids]
    truths = [table.true_image[table.true_classes == class_id] for class_id in class_ids]
    for draw in range(RESAMPLES):
        times = np.bincount(rng.integers(0, images, images), minlength=images)
        for place, (mine, objects) in enumerate(zip(boxes, truths, strict=True)):
            count = int(times[objects].sum())
            if count:
                again = np.repeat(mine, times[table.image[mine]])
                result[draw, place] = metrics.average_precision(table.scores[again], matching.hits[again], count)
    return result


def class_intervals(draws: NDArray[np.float64]) -> list[Interval | None]:
    return [interval(draws[:, place]) for place in range(draws.shape[1])]


def mean_interval(draws: NDArray[np.float64]) -> Interval | None:
    return interval(mean_draws(draws))


def mean_draws(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each draw the mean over the classes it has objects of; NaN where it has none at all."""
    known = (~np.isnan(draws)).sum(axis=1)
    return np.where(known > 0, np.nansum(draws, axis=1) / np.maximum(known, 1), np.nan)


def interval(values: NDArray[np.float64]) -> Interval | None:
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))
