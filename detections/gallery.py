"""The judged boxes of an evaluation as a person filters them, at any score and IoU.

An entry is a predicted box (its number in the table) or an object nobody found (number of predicted boxes + its
own). What becomes of a box depends only on better-scored ones (see `metrics.matching`), so one matching for each IoU
answers for every score: boxes below it do not count, and an object whose true positive lies below it is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import floor
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import QueryDict
from numpy.typing import NDArray

from detections.metrics.matching import CODE, MATCH_IOU, OUTCOMES, Matching, counted, missed_at
from detections.metrics.matrix import Confusion
from detections.metrics.operating import make_point
from detections.metrics.table import Table, area
from detections.metrics.values import HEADLINE_SCORE, OperatingPoint, Outcome
from detections.models import Evaluation
from detections.tables import confusion_at, matching_at, matrix_at, table_of

#: Outcomes as filters have them, in the order of the page. "miss" is TIDE's: missed, and nothing points at it; "boxes"
#: are all predicted boxes, whatever became of them.
WORDS = {
    "tp": "Found",
    "poor_box": "Poor box",
    "wrong_class": "Wrong class",
    "both": "Wrong class and poor box",
    "duplicate": "Found twice",
    "background": "Nothing there",
    "missed": "Missed",
    "miss": "Missed, nothing near",
    "boxes": "Boxes that count",
}
#: Those that are shown only when they were asked for.
ASKED_FOR = ("miss", "boxes")
TIDE_NAMES = {
    "poor_box": "Loc",
    "wrong_class": "Cls",
    "both": "Both",
    "duplicate": "Dupe",
    "background": "Bkg",
    "miss": "Miss",
}
SORTS = {
    "score": "Surest first",
    "-score": "Least sure first",
    "iou": "Best fit first",
    "-iou": "Worst fit first",
    "size": "Largest first",
    "-size": "Smallest first",
    "image": "By image",
}
VIEWS = {"crops": "Crops", "images": "Whole images"}
#: How many filters' entries a process keeps.
RECENT_FILTERS = 8
#: The lowest place of the slider.
LEAST = 0.01
#: Decimals of a score in an address: scores are 32 bit numbers, so two that differ do so before.
DIGITS = 9
NOTHING = 0  # a class id that no class has: the background of the matrix


@dataclass(frozen=True)
class Filter:
    """What is asked for. Empty `match`, `size` and None mean all; `true` and `said` are a cell of the matrix.

    `score` has the slider's hundredths, or nine decimals where it is a point of a curve.
    """

    score: float = HEADLINE_SCORE
    iou: float = MATCH_IOU
    match: str = ""
    class_id: int | None = None
    true: int | None = None
    said: int | None = None
    size: str = ""
    sort: str = "score"
    view: str = "crops"

    @classmethod
    def from_query(cls, query: QueryDict, evaluation: Evaluation) -> Filter:
        """Values that mean nothing are treated as not set."""
        classes = {str(number): number for number in evaluation.class_names}
        cell = classes | {str(NOTHING): NOTHING}
        sizes = {row["name"] for row in evaluation.figures.get("sizes", [])}
        true, said = cell.get(query.get("true", "")), cell.get(query.get("said", ""))
        whole = true is not None and said is not None
        return cls(
            score=read_score(query),
            iou=read_share(query.get("iou", ""), MATCH_IOU, 0.1, 0.95),
            match=choice(query.get("match", ""), WORDS, ""),
            class_id=classes.get(query.get("class", "")),
            true=true if whole else None,
            said=said if whole else None,
            size=choice(query.get("size", ""), sizes, ""),
            sort=choice(query.get("sort", ""), SORTS, "score"),
            view=choice(query.get("view", ""), VIEWS, "crops"),
        )

    @property
    def slider(self) -> float:
        """Where the slider stands: at the score, or just below it."""
        return hundredth(self.score)

    @property
    def is_point(self) -> bool:
        """Whether the score is a point of a curve, between two places of the slider."""
        return self.score != self.slider

    def query(self, **changes: Any) -> str:
        """The address's query for this filter with some values changed; what is as usual is left out."""
        usual = Filter()
        values = replace(self, **changes)
        pairs = {
            {"class_id": "class"}.get(name, name): f"{value:.9g}" if isinstance(value, float) else value
            for name, value in vars(values).items()
            if value is not None and value != getattr(usual, name)
        }
        return "?" + urlencode(pairs)


def choice(text: str, known: Any, otherwise: str) -> str:
    return text if text in known else otherwise


def read_share(text: str, otherwise: float, low: float, high: float = 1.0, digits: int = 2) -> float:
    """A number from `low` to `high` with so many digits; `otherwise` when the text is no number."""
    try:
        value = float(text)
    except ValueError:
        return otherwise
    return round(min(max(value, low), high), digits) if value == value else otherwise  # NaN is unequal to itself


def read_score(query: QueryDict) -> float:
    """`score`, or the point of a curve `at` which the slider was set, as long as it stands there."""
    score = read_share(query.get("score", ""), HEADLINE_SCORE, 0.0, digits=DIGITS) or LEAST
    at = read_share(query.get("at", ""), score, 0.0, digits=DIGITS) or score
    return at if hundredth(at) == score else score


def hundredth(score: float) -> float:
    """Where the slider stands: rounded down, and 0.29 stays 0.29 though it is a little less as a binary number."""
    return max(floor(round(100 * score, 6)) / 100, LEAST)


def at_or_below(score: float) -> float:
    """A box's score as an address can hold it: never above it, so that the box itself counts."""
    return floor(score * 10**DIGITS) / 10**DIGITS


@dataclass(frozen=True)
class Gallery:
    """A filter over the boxes of one evaluation.

    Of images that are `hidden` (ids) from whoever looks, boxes are counted but never shown: what became of a box
    tells where the trusted ones are.
    """

    evaluation: Evaluation
    filter: Filter
    hidden: frozenset[int] = frozenset()

    @cached_property
    def table(self) -> Table:
        return table_of(self.evaluation)

    @cached_property
    def matching(self) -> Matching:
        self.table  # noqa: B018 - says so when the file is gone
        return matching_at(self.evaluation.boxes_file, self.filter.iou)

    @cached_property
    def confusion(self) -> Confusion:
        return confusion_at(self.evaluation.boxes_file, self.filter.iou, self.filter.score)

    @cached_property
    def limit(self) -> int:
        """Predicted boxes with a smaller number count."""
        return counted(self.table, self.filter.score)

    @cached_property
    def missed(self) -> NDArray[np.bool_]:
        return missed_at(self.table, self.matching, self.filter.score)

    @cached_property
    def everything(self) -> NDArray[np.int64]:
        return np.concatenate([np.arange(self.limit), len(self.table) + np.flatnonzero(self.missed)])

    @cached_property
    def kinds(self) -> NDArray[np.int8]:
        """The outcome of each of `everything`, as a place in OUTCOMES."""
        missed = np.full(len(self.everything) - self.limit, CODE[Outcome.MISSED], dtype=np.int8)
        return np.concatenate([self.matching.outcome[: self.limit], missed])

    @cached_property
    def classes(self) -> NDArray[np.int32]:
        return np.concatenate([self.table.classes[: self.limit], self.table.true_classes[self.missed]])

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Of the object a box was compared to, or of the box itself where there is none."""
        own, true = area(self.table.boxes[: self.limit]), area(self.table.true_boxes)
        decided = self.matching.decided[: self.limit]
        compared = np.where(decided >= 0, true[decided], own) if len(true) else own
        return np.concatenate([compared, true[self.missed]])

    def entries(self) -> NDArray[np.int64]:
        """The entries of this filter in its order; those of the last filters are kept, so that paging costs nothing."""
        found = recent_entries(self.evaluation, self.evaluation.boxes_file, replace(self.filter, view="crops"))
        return found[~self.is_hidden[self.image_of(found)]] if self.left_out else found

    @cached_property
    def is_hidden(self) -> NDArray[np.bool_]:
        """Of each image, by its place in the table."""
        return np.isin(self.table.image_ids, np.array(sorted(self.hidden), dtype=np.int64))

    @property
    def left_out(self) -> int:
        """How many of its images are not shown."""
        return int(self.is_hidden.sum()) if self.hidden else 0

    def sorted_entries(self) -> NDArray[np.int64]:
        chosen = np.flatnonzero(self.mask())
        if self.filter.sort == "score":  # as they are numbered
            return self.everything[chosen]
        return self.everything[chosen[np.argsort(self.sort_key()[chosen], kind="stable")]]

    def mask(self) -> NDArray[np.bool_]:
        asked = self.filter
        keep = np.ones(len(self.everything), dtype=bool)
        if asked.match == "boxes":
            keep[self.limit :] = False
        elif asked.match:
            keep &= self.kinds == CODE[Outcome.MISSED if asked.match == "miss" else Outcome(asked.match)]
        if asked.match == "miss":
            keep &= ~self.pointed_at()
        if asked.class_id is not None:
            keep &= self.classes == asked.class_id
        if asked.true is not None and asked.said is not None:
            true, said = self.cells
            keep &= (true == asked.true) & (said == asked.said)
        if asked.size:
            row = next(row for row in self.evaluation.figures["sizes"] if row["name"] == asked.size)
            keep &= (self.areas >= row["low"]) & (self.areas <= (row["high"] or np.inf))
        return keep

    def pointed_at(self) -> NDArray[np.bool_]:
        """Whether a poor box or one of a wrong class points at the entry's object."""
        return np.concatenate([np.zeros(self.limit, dtype=bool), self.matching.pointed_at[self.missed]])

    @cached_property
    def cells(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Row and column of each entry in the confusion matrix; -1 for objects that a box of their cell shows."""
        partner = np.where(self.matching.hits, self.matching.truth, self.confusion.mistaken)[: self.limit]
        true_of_box = np.where(partner >= 0, np.append(self.table.true_classes, NOTHING)[partner], NOTHING)
        shown = self.confusion.taken_for[self.missed] >= 0
        true_of_missed = np.where(shown, -1, self.table.true_classes[self.missed])
        said = np.concatenate([self.table.classes[: self.limit], np.full(len(shown), NOTHING)])
        return np.concatenate([true_of_box, true_of_missed]), said

    def sort_key(self) -> NDArray[np.float64]:
        sort, sign = self.filter.sort.removeprefix("-"), 1.0 if self.filter.sort.startswith("-") else -1.0
        table, missed = self.table, len(self.everything) - self.limit
        if sort == "size":
            return sign * self.areas
        if sort == "image":
            return np.concatenate([table.image[: self.limit], table.true_image[self.missed]]).astype(np.float64)
        values = table.scores if sort == "score" else self.matching.iou
        return np.concatenate([sign * values[: self.limit], np.full(missed, np.inf)])  # objects nobody found last

    @cached_property
    def counts(self) -> dict[tuple[str, int], int]:
        """How many entries each (outcome, class id) has at this score and IoU."""
        kinds, size = len(OUTCOMES), int(self.classes.max(initial=0)) + 1
        tally = np.bincount(self.classes.astype(np.int64) * kinds + self.kinds, minlength=size * kinds)
        alone = np.bincount(self.table.true_classes[self.missed & ~self.matching.pointed_at], minlength=size)
        result: dict[tuple[str, int], int] = {}
        for class_id in self.evaluation.class_names:
            if class_id < size:
                mine = tally[class_id * kinds : (class_id + 1) * kinds].tolist()
                result |= {(str(kind), class_id): mine[code] for kind, code in CODE.items()}
                result["miss", class_id] = int(alone[class_id])
        return result

    def count(self, match: str, class_id: int | None) -> int:
        if match == "boxes":
            return self.count("", class_id) - self.count("missed", class_id)
        return sum(
            number
            for (its_match, its_class), number in self.counts.items()
            if (its_match == match if match else its_match != "miss") and class_id in (None, its_class)
        )

    def point(self, class_id: int | None) -> OperatingPoint:
        """Precision and recall at this score and IoU, of a class or of all classes together."""
        hits, missed = self.count("tp", class_id), self.count("missed", class_id)
        return make_point(self.filter.score, hits, self.count("boxes", class_id), hits + missed)

    def matrix(self) -> list[list[int]]:
        asked, classes = self.filter, tuple(self.evaluation.class_names)
        return matrix_at(self.evaluation.boxes_file, asked.iou, asked.score, classes)

    def images(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of the images of these entries, each once, in the order they come first."""
        places = self.image_of(entries)
        return places[np.sort(np.unique(places, return_index=True)[1])]

    def image_of(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        entries = np.asarray(entries, dtype=np.int64)
        boxes = len(self.table)
        result = np.empty(len(entries), dtype=np.int64)
        is_box = entries < boxes
        result[is_box] = self.table.image[entries[is_box]]
        result[~is_box] = self.table.true_image[entries[~is_box] - boxes]
        return result

    def chips(self) -> Iterator[dict[str, Any]]:
        """The outcomes one can choose, with how many of them the class has."""
        asked = self.filter
        words = {"": "All"} | {key: word for key, word in WORDS.items() if key not in ASKED_FOR or asked.match == key}
        for match, word in words.items():
            cell: dict[str, Any] = {"true": None, "said": None}
            yield {
                "label": word,
                "count": self.count(match, asked.class_id),
                "query": asked.query(match=match, **cell),
                "current": match == asked.match and asked.true is None,
            }


@lru_cache(maxsize=RECENT_FILTERS)
def recent_entries(evaluation: Evaluation, boxes_file: str, asked: Filter) -> NDArray[np.int64]:
    """`boxes_file` is part of the key: an evaluation that was tried again has other boxes."""
    return Gallery(evaluation, asked).sorted_entries()
