"""The fate of every box: found, found twice, wrong class, poor box, both wrong, nothing there, missed.

The rule (boxes of one image only; *fits* means IoU of at least the chosen one, 0.5 unless another is asked for):

1. Predicted boxes are taken in order of falling score, at most 100 an image, as COCO does.
2. Same class first: a box takes the free true box of its own class that it fits best. It is a *true positive*. A box
   of the right class therefore never loses its object to a box of another class.
3. Every other box is an error, of the first kind of TIDE (Bolya et al. 2020) whose condition holds, with the IoU 0.1
   below which a box lies on nothing:
   *poor box* (Loc)     its highest IoU with a true box of its class is from 0.1 to the chosen one
   *wrong class* (Cls)  it fits a true box of another class, taken or not
   *duplicate* (Dupe)   it fits a true box of its class, which a better box has taken
   *background* (Bkg)   its highest IoU with any true box is at most 0.1
   *both* (Both)        the rest: near an object of another class, and badly placed

A true box that no predicted box of its class took is *missed*, also when one of another class lies upon it; so true
positives and missed objects always add up to the number of objects. TIDE's Miss counts those among them that no poor
box and no box of a wrong class points at (`Matching.pointed_at`).

What becomes of a box depends only on boxes with a higher score. So the outcomes at any score threshold are those of
the boxes with at least that score; an object whose true positive lies below the threshold is missed there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detections.metrics.table import POOR_IOU, Table
from detections.metrics.values import Outcome

MATCH_IOU = 0.5
#: Outcomes by their number in `Matching.outcome`.
OUTCOMES = tuple(Outcome)
CODE = {outcome: number for number, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, eq=False)
class Matching:
    """At one IoU: `truth` [P] and `box` [T] are partners (-1: none), `outcome` [P] places in OUTCOMES.

    `decided` [P] is the true box that decided the outcome (-1: none) and `iou` [P] the IoU with it; `pointed_at` [T]
    marks missed objects that a poor box or one of a wrong class would have found.
    """

    truth: NDArray[np.int32]
    box: NDArray[np.int32]
    outcome: NDArray[np.int8]
    decided: NDArray[np.int32]
    iou: NDArray[np.float64]
    pointed_at: NDArray[np.bool_]

    @property
    def hits(self) -> NDArray[np.bool_]:
        return self.truth >= 0


def match(table: Table, iou: float = MATCH_IOU) -> Matching:
    same, truth, box = partners(table, iou)
    return judge(table, iou, same, truth, box)


def hits_at(table: Table, iou: float) -> NDArray[np.bool_]:
    """Which predicted boxes [P] are true positives, without what became of the others."""
    return partners(table, iou)[1] >= 0


def partners(table: Table, iou: float) -> tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.int32]]:
    """Which pairs [Q] are of one class; the object that each box [P] takes, and the box of each object [T]."""
    same = table.classes[table.pair_box] == table.true_classes[table.pair_truth]
    truth = np.full(len(table), -1, dtype=np.int32)
    box = np.full(table.objects, -1, dtype=np.int32)
    take(table, np.flatnonzero(same & (table.pair_iou >= iou)), truth, box)
    return same, truth, box


def take(table: Table, pairs: NDArray[np.int64], truth: NDArray[np.int32], box: NDArray[np.int32]) -> None:
    """Fill in partners: the boxes of one rank (first, second, ... of their class on their image) all at once.

    Of equal IoUs the last true box is taken, as pycocotools does.
    """
    pairs = pairs[np.lexsort((table.pair_truth[pairs], table.pair_iou[pairs], table.pair_box[pairs]))]
    ranks = rank_within(table.image, table.classes)[table.pair_box[pairs]]
    by_rank = np.argsort(ranks, kind="stable")
    pairs = pairs[by_rank]
    starts = np.searchsorted(ranks[by_rank], np.arange(ranks.max(initial=-1) + 2))
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        free = pairs[start:end]
        free = free[box[table.pair_truth[free]] < 0]
        boxes = table.pair_box[free]
        last = np.append(boxes[1:] != boxes[:-1], True) if len(boxes) else np.zeros(0, dtype=bool)
        truth[boxes[last]] = table.pair_truth[free[last]]
        box[table.pair_truth[free[last]]] = boxes[last]


def rank_within(*groups: NDArray[np.int32]) -> NDArray[np.int64]:
    """The place of each element among those with the same values in `groups`, in the order they come."""
    order = np.lexsort(groups)  # stable
    new = np.zeros(len(order), dtype=bool)
    for group in groups:
        new[1:] |= group[order][1:] != group[order][:-1]
    places = np.arange(len(order))
    result = np.empty(len(order), dtype=np.int64)
    result[order] = places - np.maximum.accumulate(np.where(new, places, 0))
    return result


def judge(
    table: Table, iou: float, same: NDArray[np.bool_], truth: NDArray[np.int32], box: NDArray[np.int32]
) -> Matching:
    count = len(table)
    mine_iou, mine = best_pair(table, same, count)
    other_iou, other = best_pair(table, ~same, count)
    nearest = np.maximum(mine_iou, other_iou)
    hit = truth >= 0
    choices = [
        (Outcome.TRUE_POSITIVE, hit, truth),
        (Outcome.POOR_BOX, (mine_iou >= POOR_IOU) & (mine_iou <= iou), mine),
        (Outcome.WRONG_CLASS, other_iou >= iou, other),
        (Outcome.DUPLICATE, mine_iou >= iou, mine),
        (Outcome.BACKGROUND, nearest <= POOR_IOU, np.full(count, -1, dtype=np.int32)),
    ]
    conditions = [condition for _, condition, _ in choices]
    outcome = np.select(conditions, [CODE[kind] for kind, _, _ in choices], CODE[Outcome.BOTH]).astype(np.int8)
    decided = np.select(conditions, [place for _, _, place in choices], other).astype(np.int32)
    return Matching(
        truth=truth,
        box=box,
        outcome=outcome,
        decided=decided,
        iou=iou_with(table, decided),
        pointed_at=pointed_at(box, outcome, decided),
    )


def best_pair(table: Table, which: NDArray[np.bool_], count: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Of each box the highest IoU among these pairs (0: none) and its true box (-1); of equals the first."""
    pairs = np.flatnonzero(which)
    pairs = pairs[np.lexsort((-table.pair_truth[pairs], table.pair_iou[pairs]))]
    best, place = np.zeros(count), np.full(count, -1, dtype=np.int32)
    best[table.pair_box[pairs]] = table.pair_iou[pairs]  # the last written, which is the highest, stays
    place[table.pair_box[pairs]] = table.pair_truth[pairs]
    return best, place


def iou_with(table: Table, truth: NDArray[np.int32]) -> NDArray[np.float64]:
    """IoU of every predicted box with this true box (-1: 0)."""
    result = np.zeros(len(table))
    chosen = truth[table.pair_box] == table.pair_truth
    result[table.pair_box[chosen]] = table.pair_iou[chosen]
    return result


def pointed_at(box: NDArray[np.int32], outcome: NDArray[np.int8], decided: NDArray[np.int32]) -> NDArray[np.bool_]:
    marks = np.zeros(len(box), dtype=bool)
    marks[decided[np.isin(outcome, (CODE[Outcome.POOR_BOX], CODE[Outcome.WRONG_CLASS]))]] = True
    return marks & (box < 0)


def missed_at(table: Table, matching: Matching, score: float) -> NDArray[np.bool_]:
    """Which objects [T] nobody found when only boxes with at least this score count."""
    found = matching.box >= 0
    found[found] = table.scores[matching.box[found]] >= score
    return ~found


def counted(table: Table, score: float) -> int:
    """How many boxes have at least this score: those numbered below."""
    return int(np.searchsorted(-table.scores, -score, side="right"))
