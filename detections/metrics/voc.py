"""VOC AP at IoU 0.5, as the Object Detection API's Pascal evaluator has it; the sums are hotcoco's.

Each predicted box looks only at the true box of its class that it fits best. With an IoU of at least 0.5 it is a true
positive if no surer box has that object, and a false positive if one has; if the object is marked difficult, the box
is left out. Difficult objects do not count in recall.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hotcoco import metrics

from detections.metrics.matching import best_pair
from detections.metrics.table import Table

VOC_IOU = 0.5
#: The recalls of VOC 2007.
ELEVEN = np.arange(11) / 10


def voc_precision(table: Table, class_ids: Iterable[int]) -> dict[int, tuple[float | None, float | None]]:
    """(11-point, all-point) AP of each class; None where there is no object that counts.

    All-point AP is the area under the precision envelope: recall has steps of 1 / objects only, so it is the mean of
    the envelope at each step.
    """
    same = table.classes[table.pair_box] == table.true_classes[table.pair_truth]
    iou, truth = best_pair(table, same, len(table))
    fits = iou >= VOC_IOU
    ignored = np.zeros(len(table), dtype=bool)
    ignored[fits] = table.true_difficult[truth[fits]]
    hits = np.zeros(len(table), dtype=bool)
    taking = np.flatnonzero(fits & ~ignored)
    hits[taking[np.unique(truth[taking], return_index=True)[1]]] = True
    result: dict[int, tuple[float | None, float | None]] = {}
    for class_id in class_ids:
        mine = table.classes == class_id
        objects = int(((table.true_classes == class_id) & ~table.true_difficult).sum())
        values = table.scores[mine], hits[mine], objects, ignored[mine]
        steps = np.arange(1, objects + 1) / max(1, objects)
        result[class_id] = (
            (metrics.average_precision(*values, ELEVEN), metrics.average_precision(*values, steps))
            if objects
            else (None, None)
        )
    return result
