"""Which labels are probably wrong, and where one is probably missing: five lists, made into one by how doubtful.

Every doubt says how probably there is a mistake, from how seldom the same is seen where the label is right (`unusual`):
PRIOR / (PRIOR + unusual). What is seldom is learnt from these very labels and predictions, so a model that says 0.4
where others say 0.9 is heard as well. cleanlab's ObjectLab says how well labels and predictions fit (`objectlab`).

*missing*      a sure prediction on no label at all. Unusual: predictions of its score lie on none this often.
*wrong class*  the surest prediction on the label is of another class. Unusual: so many labels have another
               class as much surer than their own; and predictions of that score on a label have a wrong class so often.
*poor box*     a prediction of its class overlaps the label. Unusual: labels fit as badly as this one so often.
*duplicate*    two labels of one class cover each other and the model sees a single object. Unusual: what of them is
               not shared.
*extra*        no prediction of any class touches the label. Unusual: so many labels of its class and size have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.metrics.matching import CODE, MATCH_IOU, Matching, match
from detections.metrics.objectlab import BoxScores, box_scores
from detections.metrics.operating import sweep
from detections.metrics.table import Table, area, pairwise_iou
from detections.metrics.values import Outcome

#: Two labels of one class that cover each other this well are one object labelled twice.
TWICE_IOU = 0.7
#: Predictions of nearly the same score tell how right a score is.
NEIGHBOURS = 50
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
    """`high`: the score with the best F1 on these labels; `low`: half of it. `usual` is how well right boxes fit."""

    high: float
    low: float
    usual: float


def find_doubts(table: Table) -> tuple[list[Doubt], Thresholds]:
    """Every doubt, the greatest first."""
    matching = match(table, MATCH_IOU)
    high, low = thresholds(table, matching)
    scores = box_scores(table, high, low)
    fits = scores.badly_placed[matching.box >= 0]
    limits = Thresholds(high, low, float(np.median(fits)) if len(fits) else 1.0)
    view = look(table, matching, scores, limits)
    found = [*missing(view), *wrong_class(view), *poor_boxes(view), *duplicates(view), *extra(view)]
    return sorted(strongest(found), key=lambda doubt: -doubt.doubt), limits


@dataclass(frozen=True, eq=False)
class View:
    """What the lists are made from.

    `nothing` and `wrong_class` [P]: how often predictions of each one's score lie on no label, or one of another class.
    """

    table: Table
    matching: Matching
    scores: BoxScores
    limits: Thresholds
    nothing: NDArray[np.float64]
    wrong_class: NDArray[np.float64]


def thresholds(table: Table, matching: Matching) -> tuple[float, float]:
    """High and low score, from the predictions themselves; without a single hit nothing is sure enough."""
    best = sweep(table.scores, matching.hits, table.objects).best()
    return (best.score, best.score / 2) if best else (1.0, 1.0)


def look(table: Table, matching: Matching, scores: BoxScores, limits: Thresholds) -> View:
    on_label = np.zeros(len(table), dtype=bool)
    on_label[table.pair_box[table.pair_iou >= MATCH_IOU]] = True
    wrong_class = np.ones(len(table))
    wrong_class[on_label] = error_rates(matching.outcome[on_label] == CODE[Outcome.WRONG_CLASS])
    nothing = np.ones(len(table), dtype=bool)
    nothing[table.pair_box] = False
    return View(table, matching, scores, limits, error_rates(nothing), wrong_class)


def error_rates(errors: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each prediction the share of errors among those of nearly its score; it never falls as scores fall."""
    count = len(errors)
    before = np.concatenate([[0], np.cumsum(errors)])
    middle = np.arange(count)
    start, end = np.maximum(middle - NEIGHBOURS // 2, 0), np.minimum(middle + NEIGHBOURS // 2 + 1, count)
    return np.maximum.accumulate((before[end] - before[start] + 0.5) / (end - start + 1))


def doubtful(unusual: float) -> float:
    return PRIOR / (PRIOR + max(unusual, 0.0))


def missing(view: View) -> Iterator[Doubt]:
    for box in np.flatnonzero(~np.isnan(view.scores.overlooked)).tolist():
        unusual, score = float(view.nothing[box]), float(view.scores.overlooked[box])
        yield Doubt("missing", int(view.table.image[box]), doubtful(unusual), box=box, score=score)


def wrong_class(view: View) -> Iterator[Doubt]:
    """Labels on which the surest prediction is of another class, by how much surer it is than any of its own."""
    table = view.table
    fits = table.pair_iou >= MATCH_IOU
    same = table.classes[table.pair_box] == table.true_classes[table.pair_truth]
    own, other = surest(table, fits & same), surest(table, fits & ~same)
    margin = score_of(table, other) - score_of(table, own)
    spread = np.sort(margin)
    for truth in np.flatnonzero((margin > 0) & (score_of(table, other) >= view.limits.high)).tolist():
        as_far = (len(spread) - np.searchsorted(spread, margin[truth])) / len(spread)
        box, score = int(other[truth]), float(view.scores.swapped[truth])
        unusual = as_far + float(view.wrong_class[box])
        yield Doubt("wrong_class", int(table.image[box]), doubtful(unusual), truth, box, score)


def surest(table: Table, pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Of each label the surest prediction of these pairs, -1 without one; predictions are numbered by falling score."""
    best = np.full(table.objects, len(table), dtype=np.int64)
    np.minimum.at(best, table.pair_truth[pairs], table.pair_box[pairs])
    return np.where(best < len(table), best, -1)


def score_of(table: Table, boxes: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(boxes >= 0, np.append(table.scores, 0.0)[boxes], 0.0)


def poor_boxes(view: View) -> Iterator[Doubt]:
    """The best fitting prediction of the label's class speaks for its place, if it is sure enough."""
    table, fits = view.table, view.scores.badly_placed
    same = table.classes[table.pair_box] == table.true_classes[table.pair_truth]
    pairs = np.flatnonzero(same & (table.scores[table.pair_box] > view.limits.low))
    pairs = pairs[np.argsort(table.pair_iou[pairs], kind="stable")]
    best = dict(zip(table.pair_truth[pairs].tolist(), table.pair_box[pairs].tolist(), strict=True))  # the last one wins
    spread = np.sort(fits[list(best)])
    for truth, box in best.items():
        owner = int(view.matching.truth[box])
        if fits[truth] < view.limits.usual and owner in (-1, truth):  # else it speaks of a neighbour
            unusual = float(np.searchsorted(spread, fits[truth])) / len(spread) + float(view.nothing[box])
            yield Doubt("poor_box", int(table.image[box]), doubtful(unusual), truth, box, float(fits[truth]))


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
        yield Doubt("extra", int(table.true_image[truth]), doubtful(missed), truth)


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
