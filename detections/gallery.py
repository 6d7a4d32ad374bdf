"""The judged boxes of an evaluation as a person filters them, at any score and IoU.

An entry is a predicted box (its number in the table) or an object nobody found (number of predicted boxes + its
own). What becomes of a box depends only on better-scored ones (see `metrics.matching`), so one matching for each IoU
answers for every score: boxes below it do not count, and an object whose true positive lies below it is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.gallery_filter import ASKED_FOR, NOTHING, WORDS, Filter
from detections.metrics.matching import CODE, OUTCOMES, Matching, counted, missed_at
from detections.metrics.matrix import Confusion
from detections.metrics.operating import make_point
from detections.metrics.table import Table, area
from detections.metrics.values import OperatingPoint, Outcome
from detections.models import Evaluation
from detections.tables import confusion_at, matching_at, matrix_at, table_of

#: How many filters' entries a process keeps.
RECENT_FILTERS = 8


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
