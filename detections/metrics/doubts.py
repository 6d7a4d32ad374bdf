"""Which labels are probably wrong, and where one is probably missing: five lists, made into one by how doubtful.

Every doubt says how probably there is a mistake, from how seldom the same is seen where the label is right (`unusual`):
PRIOR / (PRIOR + unusual). What is seldom is learnt from these very labels and predictions, so a model that says 0.4
where others say 0.9 is heard as well. cleanlab's ObjectLab says how well labels and predictions fit (`objectlab`);
which prediction speaks of which label is in `pairing`.

*missing*      a sure prediction that covers no label. Unusual: predictions of its score, among labels or alone as it
               is, cover none this often.
*wrong class*  the surest prediction on the label is of another class. Unusual: labels on which two classes are as far
               apart have the less sure one this often.
*poor box*     the prediction that speaks of the label is of its class and lies elsewhere. Unusual: labels fit as badly
               as this one so often, at scores like this one.
*duplicate*    two labels of one class cover each other and the model sees a single object. Unusual: what of them is
               not shared.
*extra*        no prediction of any class touches the label. Unusual: so many labels of its class and size have none,
               twice: that somebody labelled nothing at all is rarer than the other mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.metrics.matching import MATCH_IOU, Matching, match
from detections.metrics.objectlab import BoxScores, box_scores
from detections.metrics.operating import sweep
from detections.metrics.pairing import Pairing, pair_up
from detections.metrics.table import Table, area, pairwise_iou
from detections.metrics.unusual import error_rates, poor_fit_ratios

#: Two labels of one class that cover each other this well are one object labelled twice.
TWICE_IOU = 0.7
SIZES = 3
#: How often a label is taken to be wrong before anything is known of it.
PRIOR = 0.05


@dataclass(frozen=True)
class Doubt:
    """One doubtful place: `truth` and `box` are numbers in the table (-1: none), `score` ObjectLab's, if it has one.

    `other` is the second label of a duplicate.
    """

    kind: str
    image: int
    doubt: float
    truth: int = -1
    box: int = -1
    score: float | None = None
    other: int = -1


@dataclass(frozen=True)
class Thresholds:
    """`high`: the score with the best F1 on these labels; `low`: half of it."""

    high: float
    low: float


def find_doubts(table: Table) -> tuple[list[Doubt], Thresholds]:
    """Every doubt, the greatest first."""
    matching = match(table, MATCH_IOU)
    limits = thresholds(table, matching)
    scores = box_scores(table, limits.high, limits.low)
    view = View(table, matching, pair_up(table, limits.low), scores, limits)
    found = [*missing(view), *wrong_class(view), *poor_boxes(view), *duplicates(view), *extra(view)]
    return sorted(strongest(found), key=lambda doubt: -doubt.doubt), limits


@dataclass(frozen=True, eq=False)
class View:
    """What the lists are made from."""

    table: Table
    matching: Matching
    pairing: Pairing
    scores: BoxScores
    limits: Thresholds


def thresholds(table: Table, matching: Matching) -> Thresholds:
    """From the predictions themselves; without a single hit nothing is sure enough."""
    best = sweep(table.scores, matching.hits, table.objects).best()
    return Thresholds(best.score, best.score / 2) if best else Thresholds(1.0, 1.0)


def doubtful(unusual: float) -> float:
    return PRIOR / (PRIOR + max(unusual, 0.0))


def missing(view: View) -> Iterator[Doubt]:
    """Labels close by make the model see things between them, so predictions among labels are judged apart."""
    table, pairing = view.table, view.pairing
    uncovered = pairing.own < 0
    for crowded in (False, True):
        boxes = np.flatnonzero(pairing.single & (pairing.crowded == crowded))
        rates = error_rates(uncovered[boxes], table.scores[boxes])
        doubted = uncovered[boxes] & (table.scores[boxes] >= view.limits.high) & (pairing.near[boxes] < 0)
        for box, unusual in zip(boxes[doubted].tolist(), rates[doubted].tolist(), strict=True):
            yield Doubt("missing", int(table.image[box]), doubtful(unusual), box=box, score=overlooked(view, box))


def overlooked(view: View, box: int) -> float | None:
    score = float(view.scores.overlooked[box])
    return None if np.isnan(score) else score


def wrong_class(view: View) -> Iterator[Doubt]:
    """Labels on which the surest prediction is of another class, by how much surer it is than any of its own."""
    table = view.table
    fits = table.pair_iou >= MATCH_IOU
    same = table.classes[table.pair_box] == table.true_classes[table.pair_truth]
    own, other = surest(table, fits & same), surest(table, fits & ~same)
    margin = score_of(table, other) - score_of(table, own)
    seen = np.flatnonzero((own >= 0) | (other >= 0))
    rates = error_rates(margin[seen] > 0, np.abs(margin[seen]))
    doubted = (margin[seen] > 0) & (score_of(table, other[seen]) >= view.limits.high)
    for truth, unusual in zip(seen[doubted].tolist(), rates[doubted].tolist(), strict=True):
        box, score = int(other[truth]), float(view.scores.swapped[truth])
        yield Doubt("wrong_class", int(table.image[box]), doubtful(unusual), truth, box, score)


def surest(table: Table, pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Of each label the surest prediction of these pairs, -1 without one; predictions are numbered by falling score."""
    best = np.full(table.objects, len(table), dtype=np.int64)
    np.minimum.at(best, table.pair_truth[pairs], table.pair_box[pairs])
    return np.where(best < len(table), best, -1)


def score_of(table: Table, boxes: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(boxes >= 0, np.append(table.scores, 0.0)[boxes], 0.0)


def poor_boxes(view: View) -> Iterator[Doubt]:
    """Of the labels that fit worse than half of them; a prediction that covers none speaks of the one it touches."""
    table, pairing = view.table, view.pairing
    truths = np.where(pairing.own >= 0, pairing.own, pairing.near)
    boxes = np.flatnonzero(truths >= 0)
    boxes = boxes[table.classes[boxes] == table.true_classes[truths[boxes]]]
    if not len(boxes):
        return
    fits = view.scores.badly_placed[truths[boxes]]
    doubted = np.flatnonzero(fits < np.median(fits))
    ratios = poor_fit_ratios(fits, table.scores[boxes], doubted)
    for place, unusual in zip(doubted.tolist(), ratios.tolist(), strict=True):
        box = int(boxes[place])
        yield Doubt("poor_box", int(table.image[box]), doubtful(unusual), int(truths[box]), box, float(fits[place]))


def duplicates(view: View) -> Iterator[Doubt]:
    """Of two labels on one another, the one that fits less well is doubted, unless both have a sure prediction."""
    table, box_of = view.table, view.matching.box
    for image in range(len(table.image_ids)):
        mine = np.flatnonzero(table.true_image == image)
        ious = np.triu(pairwise_iou(table.true_boxes[mine], table.true_boxes[mine]), 1)
        for first, second in zip(*np.nonzero(ious >= TWICE_IOU), strict=True):
            pair = sorted((int(mine[first]), int(mine[second])), key=lambda truth: fit_of(view, truth))
            seen = all(box_of[one] >= 0 and table.scores[box_of[one]] >= view.limits.high for one in pair)
            if table.true_classes[pair[0]] == table.true_classes[pair[1]] and not seen:
                yield Doubt("duplicate", image, doubtful(1 - float(ious[first, second])), pair[0], other=pair[1])


def fit_of(view: View, truth: int) -> tuple[bool, float]:
    return bool(view.matching.box[truth] >= 0), float(view.scores.badly_placed[truth])


def extra(view: View) -> Iterator[Doubt]:
    """Labels that nothing touches; those marked difficult are hard to see, as was said of them."""
    table = view.table
    touched = np.zeros(table.objects, dtype=bool)
    touched[table.pair_truth[table.scores[table.pair_box] >= view.limits.low]] = True
    groups = table.true_classes.astype(np.int64) * SIZES + size_group(area(table.true_boxes))
    for truth in np.flatnonzero(~touched & ~table.true_difficult).tolist():
        alike = groups == groups[truth]
        missed = (float((~touched[alike]).sum()) + 0.5) / (float(alike.sum()) + 1)
        yield Doubt("extra", int(table.true_image[truth]), doubtful(2 * missed), truth)


def size_group(areas: NDArray[np.float64]) -> NDArray[np.int64]:
    """0 for the smaller third of the labels, then 1 and 2."""
    return np.searchsorted(np.quantile(areas, (1 / 3, 2 / 3)), areas) if len(areas) else np.zeros(0, dtype=np.int64)


def strongest(doubts: Iterable[Doubt]) -> list[Doubt]:
    """One doubt of each label and of each prediction without a label: the greatest."""
    best: dict[tuple[str, int], Doubt] = {}
    for doubt in doubts:
        key = ("truth", doubt.truth) if doubt.truth >= 0 else ("box", doubt.box)
        if key not in best or best[key].doubt < doubt.doubt:
            best[key] = doubt
    return list(best.values())
