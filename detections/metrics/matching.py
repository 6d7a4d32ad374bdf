"""The fate of every box: found, found twice, wrong class, poor box, nothing there, missed.

The rule (IoU 0.5 throughout, boxes of one image only):

1. Predicted boxes are taken in order of falling score, at most 100 an image, as COCO does.
2. Same class first: a box takes the free true box of its own class with the highest IoU, if that is at least 0.5.
   It is a *true positive*. A box of the right class therefore never loses its object to a box of another class.
3. Otherwise, if it has IoU >= 0.5 with a true box of its class that a better box already took, it is a *duplicate*.
4. Otherwise, if it has IoU >= 0.5 with a true box of another class (taken or not), it is of the *wrong class*.
5. Otherwise, if it has IoU >= 0.1 with a true box of its class, it is a *poor box*.
6. Otherwise there is nothing there: *background*.

A true box that no predicted box of its class took is *missed*, also when one of another class lies upon it; so
true positives and missed objects always add up to the number of objects. The limits 0.5 and 0.1 are those of TIDE
(Bolya et al. 2020).

What becomes of a box depends only on boxes with a higher score. So the outcomes at any score threshold are the rows
with at least that score; an object whose true positive lies below the threshold is missed at that threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from detections.metrics.iou import pairwise_iou
from detections.metrics.values import Boxes, ImageResult, MatchRow, Outcome

MATCH_IOU = 0.5
POOR_IOU = 0.1
MAX_DETECTIONS = 100


def match_images(images: Iterable[ImageResult]) -> list[MatchRow]:
    return [row for image in images for row in match_image(image)]


def match_image(image: ImageResult) -> Iterator[MatchRow]:
    """Rows of one image: predicted boxes by falling score, then the missed true boxes."""
    ious = pairwise_iou(image.boxes, image.true_boxes)
    taken = np.zeros(len(image.true_boxes), dtype=bool)
    for index in np.argsort(-image.scores, kind="stable")[:MAX_DETECTIONS]:
        same = image.true_classes == image.classes[index]
        outcome, truth = judge(ious[index], same, taken)
        if outcome is Outcome.TRUE_POSITIVE:
            taken[truth] = True
        iou = float(ious[index, truth]) if truth is not None else 0.0
        score = float(image.scores[index])
        yield MatchRow(image.image_id, outcome, int(image.classes[index]), score, iou, edges(image.boxes[index]))
    for missed in np.flatnonzero(~taken):
        class_id, box = int(image.true_classes[missed]), edges(image.true_boxes[missed])
        yield MatchRow(image.image_id, Outcome.MISSED, class_id, None, 0.0, box)


def judge(ious: Boxes, same: np.ndarray, taken: np.ndarray) -> tuple[Outcome, int | None]:
    """The outcome of one predicted box and the true box that decided it (None for background)."""
    for outcome, candidates, limit in (
        (Outcome.TRUE_POSITIVE, same & ~taken, MATCH_IOU),
        (Outcome.DUPLICATE, same & taken, MATCH_IOU),
        (Outcome.WRONG_CLASS, ~same, MATCH_IOU),
        (Outcome.POOR_BOX, same, POOR_IOU),
    ):
        truth = best_candidate(ious, candidates, limit)
        if truth is not None:
            return outcome, truth
    return Outcome.BACKGROUND, None


def best_candidate(ious: Boxes, candidates: np.ndarray, limit: float) -> int | None:
    """Index of the candidate with the highest IoU if that reaches `limit`; of equals the last, as pycocotools does."""
    allowed = np.where(candidates, ious, -1.0)
    if not len(allowed) or allowed.max() < limit:
        return None
    return int(len(allowed) - 1 - np.argmax(allowed[::-1]))


def edges(box: Boxes) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(edge) for edge in box)
    return x1, y1, x2, y2
