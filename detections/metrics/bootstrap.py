"""How far a figure may move with other images of the same kind: 95 % intervals from resampled images.

Images are drawn with replacement, as many as there are; what their boxes were matched to stays. A draw without an
object of a class says nothing of that class.

AP of a draw is the mean of the precision at 101 recalls, as hotcoco has it; thousands of them would take hotcoco some
seconds, so they are computed together here, and the tests hold each to hotcoco's (1e-12).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detections.metrics.matching import hits_at
from detections.metrics.table import Table
from detections.metrics.values import Interval

RESAMPLES = 200
SEED = 1
Draws = NDArray[np.float64]
Scores = NDArray[np.float64]
#: COCO's: the mean over these is AP, the first is AP50.
IOUS = tuple(np.linspace(0.5, 0.95, 10).tolist())
RECALLS = np.linspace(0.0, 1.0, 101)
#: Draws whose weights lie in memory together.
AT_ONCE = 20
#: With fewer objects than this a figure should be read with its interval.
FEW_OBJECTS = 30


def resampled_precision(table: Table, class_ids: Sequence[int], ious: Sequence[float] = IOUS) -> Draws:
    """AP of each class in each draw at each IoU, [RESAMPLES, K, IoUs]; NaN where a draw has no object of the class."""
    hits = [hits_at(table, iou) for iou in ious]
    times = drawn_times(len(table.image_ids))
    result = np.full((RESAMPLES, len(class_ids), len(ious)), np.nan)
    for place, class_id in enumerate(class_ids):
        mine = np.flatnonzero(table.classes == class_id)
        objects = times[:, table.true_image[table.true_classes == class_id]].sum(axis=1)
        places = [np.flatnonzero(each[mine]) for each in hits]
        for start in range(0, RESAMPLES, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            weights = times[some, table.image[mine]]
            result[some, place] = np.stack([precision_of(weights, found, objects[some]) for found in places], axis=1)
    return result


def drawn_times(images: int) -> NDArray[np.int64]:
    """How many times each draw has each image, [RESAMPLES, images]."""
    rng = np.random.default_rng(SEED)
    return np.stack([np.bincount(rng.integers(0, images, images), minlength=images) for _ in range(RESAMPLES)])


def precision_of(weights: NDArray[np.int64], hits: NDArray[np.int64], objects: NDArray[np.int64]) -> Scores:
    """AP of D draws, [D]: `weights` [D, boxes] by falling score, `hits` the places of the boxes that found something.

    A box drawn several times stands there as often, one behind the other. Only precision at hits counts: those
    between two hits are lower.
    """
    result = np.where(objects > 0, 0.0, np.nan)
    if not len(hits):
        return result
    before = np.cumsum(weights, axis=1)[:, hits]
    found = np.cumsum(weights[:, hits], axis=1)
    best = np.maximum.accumulate((found / np.maximum(before, 1))[:, ::-1], axis=1)[:, ::-1]
    for draw in np.flatnonzero(objects):
        first = np.searchsorted(found[draw] / objects[draw], RECALLS)
        reached = first[first < len(hits)]
        result[draw] = best[draw, reached].sum() / len(RECALLS)
    return result


def mean_over_ious(draws: Draws) -> NDArray[np.float64]:
    """AP of each class in each draw, [RESAMPLES, K], from its AP at COCO's ten IoUs."""
    return draws.mean(axis=2)


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
