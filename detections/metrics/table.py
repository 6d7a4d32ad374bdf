"""True and predicted boxes of many images as arrays: what every figure and every gallery is made from.

Predicted boxes are numbered by falling score (equal scores in the order they came), at most 100 an image. `pairs`
are a predicted and a true box of the same image, of whatever classes, whose IoU is at least 0.1; hotcoco computes it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from hotcoco.primitives import bbox_iou
from numpy.typing import NDArray

from detections.metrics.values import Boxes, ImageResult

MAX_DETECTIONS = 100
#: Below this IoU a predicted and a true box have nothing to do with each other (TIDE's background threshold).
POOR_IOU = 0.1


@dataclass(frozen=True, eq=False)
class Table:
    """I images, T true boxes, P predicted boxes, Q pairs; `true_image` and `image` are places in `image_ids`."""

    image_ids: NDArray[np.int64]
    true_image: NDArray[np.int32]
    true_classes: NDArray[np.int32]
    true_boxes: Boxes
    true_difficult: NDArray[np.bool_]
    image: NDArray[np.int32]
    classes: NDArray[np.int32]
    scores: NDArray[np.float64]
    boxes: Boxes
    pair_box: NDArray[np.int32]
    pair_truth: NDArray[np.int32]
    pair_iou: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def objects(self) -> int:
        return len(self.true_classes)

    def to_bytes(self) -> bytes:
        """A numpy archive of the arrays under their names; nothing is pickled."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **{each.name: getattr(self, each.name) for each in fields(self)})
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Table:
        """Raises ValueError, KeyError or OSError when the bytes are not what `to_bytes` gave."""
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return cls(**{each.name: archive[each.name] for each in fields(cls)})


def make_table(images: Sequence[ImageResult]) -> Table:
    parts = [image_arrays(place, image) for place, image in enumerate(images)]
    joined = {name: np.concatenate([empty(name), *(part[name] for part in parts)]) for name in COLUMNS}
    order = np.argsort(-joined["scores"], kind="stable")
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    boxes_before = np.cumsum([0, *(len(part["scores"]) for part in parts)])
    truths_before = np.cumsum([0, *(len(part["true_classes"]) for part in parts)])
    pairs = [
        (number[part["pair_box"] + boxes_before[place]], part["pair_truth"] + truths_before[place], part["pair_iou"])
        for place, part in enumerate(parts)
    ]
    box, truth, iou = (
        (np.concatenate([np.zeros(0), *column]) for column in zip(*pairs, strict=True)) if pairs else (np.zeros(0),) * 3
    )
    return Table(
        image_ids=np.array([image.image_id for image in images], dtype=np.int64),
        **{name: joined[name] for name in ("true_image", "true_classes", "true_boxes", "true_difficult")},
        **{name: joined[name][order] for name in ("image", "classes", "scores", "boxes")},
        pair_box=box.astype(np.int32),
        pair_truth=truth.astype(np.int32),
        pair_iou=iou,
    )


COLUMNS: dict[str, Any] = {
    "true_image": np.int32,
    "true_classes": np.int32,
    "true_boxes": np.float64,
    "true_difficult": np.bool_,
    "image": np.int32,
    "classes": np.int32,
    "scores": np.float64,
    "boxes": np.float64,
}


def empty(name: str) -> NDArray[Any]:
    return np.zeros((0, 4) if name.endswith("boxes") else 0, dtype=COLUMNS[name])


def image_arrays(place: int, image: ImageResult) -> dict[str, NDArray[Any]]:
    best = np.argsort(-image.scores, kind="stable")[:MAX_DETECTIONS]
    boxes, truths = image.boxes[best], len(image.true_classes)
    ious = pairwise_iou(boxes, image.true_boxes)
    pair_box, pair_truth = np.nonzero(ious >= POOR_IOU)
    return {
        "true_image": np.full(truths, place, dtype=np.int32),
        "true_classes": image.true_classes.astype(np.int32),
        "true_boxes": image.true_boxes,
        "true_difficult": image.true_difficult if len(image.true_difficult) else np.zeros(truths, dtype=bool),
        "image": np.full(len(boxes), place, dtype=np.int32),
        "classes": image.classes[best].astype(np.int32),
        "scores": image.scores[best],
        "boxes": boxes,
        "pair_box": pair_box,
        "pair_truth": pair_truth,
        "pair_iou": ious[pair_box, pair_truth],
    }


def pairwise_iou(first: Boxes, second: Boxes) -> Boxes:
    """IoU of every box of `first` [N, 4] with every box of `second` [M, 4] -> [N, M], by hotcoco.

    Edges are continuous coordinates, as in COCO: a box from 10 to 60 is 50 wide. Boxes without area have IoU 0.
    """
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    return np.asarray(bbox_iou(as_xywh(first), as_xywh(second), [False] * len(second)))


def as_xywh(boxes: Boxes) -> Boxes:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def area(boxes: Boxes) -> NDArray[np.float64]:
    """Area of each box [N, 4] -> [N], in square pixels."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
