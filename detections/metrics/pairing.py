"""Which label each prediction speaks of, whatever their classes: one label a prediction, one prediction a label.

`matching` answers what a prediction is worth; for that the label is right. Here the label may be wrong, so a prediction
takes the label it covers even if the classes differ, and one that covers none is compared with a label nobody took.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detections.metrics.matching import MATCH_IOU
from detections.metrics.table import POOR_IOU, Table, pairwise_iou


@dataclass(frozen=True, eq=False)
class Pairing:
    """Of predictions from a score on that no surer one covers (`single` [P]; the others are the same object again):

    `own` [P] is the label it covers (-1: none), for the rest `near` [P] the one it touches and nobody covers, and
    `crowded` [P] whether it touches a label that is not its own.
    """

    single: NDArray[np.bool_]
    own: NDArray[np.int64]
    near: NDArray[np.int64]
    crowded: NDArray[np.bool_]


def pair_up(table: Table, least: float) -> Pairing:
    """Image by image, the surest first: the free label that fits best, from an IoU of 0.5 on."""
    count = len(table)
    pairing = Pairing(
        np.zeros(count, dtype=bool),
        np.full(count, -1, dtype=np.int64),
        np.full(count, -1, dtype=np.int64),
        np.zeros(count, dtype=bool),
    )
    sure = int(np.searchsorted(-table.scores, -least, side="right"))
    boxes_of, labels_of = grouped(table.image[:sure]), grouped(table.true_image)
    for image, boxes in boxes_of.items():
        pair_image(table, pairing, boxes, labels_of.get(image, np.zeros(0, dtype=np.int64)))
    return pairing


def grouped(images: NDArray[np.int32]) -> dict[int, NDArray[np.int64]]:
    """Places of each image in `images`, in their order."""
    order = np.argsort(images, kind="stable")
    found, starts = np.unique(images[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}


def pair_image(table: Table, pairing: Pairing, boxes: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    boxes = singles(table, boxes)
    pairing.single[boxes] = True
    if not len(labels):
        return
    ious = pairwise_iou(table.boxes[boxes], table.true_boxes[labels])
    free, others = np.ones(len(labels), dtype=bool), ious.copy()
    for row, box in enumerate(boxes.tolist()):
        best = int(np.where(free, ious[row], -1.0).argmax())
        if free[best] and ious[row, best] >= MATCH_IOU:
            pairing.own[box], free[best], others[row, best] = labels[best], False, 0.0
    pairing.crowded[boxes] = others.max(axis=1) >= POOR_IOU
    left = np.where(free, ious, 0.0)
    near = (left.max(axis=1) >= POOR_IOU) & (pairing.own[boxes] < 0)
    pairing.near[boxes[near]] = labels[left.argmax(axis=1)[near]]


def singles(table: Table, boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those that no surer one covers; `boxes` come by falling score."""
    ious = pairwise_iou(table.boxes[boxes], table.boxes[boxes])
    kept: list[int] = []
    for row in range(len(boxes)):
        if not kept or ious[row, kept].max() < MATCH_IOU:
            kept.append(row)
    return boxes[kept]
