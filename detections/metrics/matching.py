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

from collections.abc import Iterable, Iterator, Sequence

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
    ious = pairwise_iou(image.boxes, image.true_boxes).tolist()
    true_classes = image.true_classes.tolist()
    taken = [False] * len(true_classes)
    for index in np.argsort(-image.scores, kind="stable")[:MAX_DETECTIONS]:
        class_id, score = int(image.classes[index]), float(image.scores[index])
        outcome, truth = judge(ious[index], [number == class_id for number in true_classes], taken)
        if truth is not None and outcome is Outcome.TRUE_POSITIVE:
            taken[truth] = True
        iou = ious[index][truth] if truth is not None else 0.0
        yield MatchRow(image.image_id, outcome, class_id, score, iou, edges(image.boxes[index]))
    for missed in (index for index, found in enumerate(taken) if not found):
        yield MatchRow(image.image_id, Outcome.MISSED, true_classes[missed], None, 0.0, edges(image.true_boxes[missed]))


def judge(ious: Sequence[float], same: Sequence[bool], taken: Sequence[bool]) -> tuple[Outcome, int | None]:
    """The outcome of one predicted box and the true box that decided it (None for background).

    One value per true box of the image: its IoU with the predicted box, whether it is of the same class, and whether
    a better box has taken it.
    """
    if max(ious, default=0.0) < POOR_IOU:
        return Outcome.BACKGROUND, None
    free = [mine and not gone for mine, gone in zip(same, taken, strict=True)]
    for outcome, candidates, limit in (
        (Outcome.TRUE_POSITIVE, free, MATCH_IOU),
        (Outcome.DUPLICATE, same, MATCH_IOU),
        (Outcome.WRONG_CLASS, [not mine for mine in same], MATCH_IOU),
        (Outcome.POOR_BOX, same, POOR_IOU),
    ):
        truth = best_candidate(ious, candidates, limit)
        if truth is not None:
            return outcome, truth
    return Outcome.BACKGROUND, None


def best_candidate(ious: Sequence[float], candidates: Sequence[bool], limit: float) -> int | None:
    """Index of the candidate with the highest IoU of at least `limit`; of equals the last, as pycocotools does."""
    best = None
    for index, (iou, allowed) in enumerate(zip(ious, candidates, strict=True)):
        if allowed and iou >= limit:
            best, limit = index, iou
    return best


def edges(box: Boxes) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
