"""The confusion matrix with background, counted as hotcoco counts pairs, of pairs matched by our printed rule.

Boxes with at least the score count. The diagonal is what `matching` found, so a box of the right class never loses
its object to one of a wrong class. What is left on both sides is then paired across classes, the highest IoU first,
each box and each object once, as far as the IoU reaches. The rest is background: false positives and misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detections.metrics.matching import Matching, counted, missed_at
from detections.metrics.table import Table


@dataclass(frozen=True, eq=False)
class Confusion:
    """`mistaken` [P] is the object of another class a box was paired with (-1: none), `taken_for` [T] the reverse."""

    mistaken: NDArray[np.int32]
    taken_for: NDArray[np.int32]


def confuse(table: Table, matching: Matching, iou: float, score: float) -> Confusion:
    limit = counted(table, score)
    missed = missed_at(table, matching, score)
    left = (table.pair_box < limit) & (matching.truth[table.pair_box] < 0) & missed[table.pair_truth]
    pairs = np.flatnonzero(left & (table.pair_iou >= iou))
    pairs = pairs[table.classes[table.pair_box[pairs]] != table.true_classes[table.pair_truth[pairs]]]
    pairs = pairs[np.lexsort((table.pair_box[pairs], -table.pair_iou[pairs]))]
    mistaken = np.full(len(table), -1, dtype=np.int32)
    taken_for = np.full(table.objects, -1, dtype=np.int32)
    for box, truth in zip(table.pair_box[pairs].tolist(), table.pair_truth[pairs].tolist(), strict=True):
        if mistaken[box] < 0 and taken_for[truth] < 0:
            mistaken[box], taken_for[truth] = truth, box
    return Confusion(mistaken, taken_for)


def confusion_matrix(
    table: Table, matching: Matching, confusion: Confusion, score: float, class_ids: Sequence[int]
) -> list[list[int]]:
    """[K + 1][K + 1] counts in the order of `class_ids`: rows true, columns predicted, the last of each background."""
    size, limit = len(class_ids) + 1, counted(table, score)
    place = np.full(max(class_ids, default=0) + 2, size - 1)
    place[list(class_ids)] = np.arange(size - 1)
    partner = np.where(matching.hits, matching.truth, confusion.mistaken)[:limit]
    true_of_box = np.append(place[table.true_classes], size - 1)[partner]  # of no partner (-1) the last: background
    lost = missed_at(table, matching, score) & (confusion.taken_for < 0)
    boxes = np.bincount(true_of_box * size + place[table.classes[:limit]], minlength=size * size)
    misses = np.bincount(place[table.true_classes[lost]] * size + size - 1, minlength=size * size)
    return (boxes + misses).reshape(size, size).tolist()
