"""What somebody asks a gallery for, as an address says it: outcome, class, cell, size, order, score and IoU."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from detections.metrics.matching import MATCH_IOU
from detections.metrics.values import HEADLINE_SCORE
from detections.models import Evaluation

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
