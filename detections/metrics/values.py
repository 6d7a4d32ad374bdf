"""Values of the metrics. Boxes are absolute pixel edges of the upright image."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]

#: Score from which a predicted box counts in the headline precision and recall.
HEADLINE_SCORE = 0.5


class Outcome(StrEnum):
    """What became of a predicted box, or that a true box found no partner. The rule is in `matching`."""

    TRUE_POSITIVE = "tp"
    DUPLICATE = "duplicate"
    WRONG_CLASS = "wrong_class"
    POOR_BOX = "poor_box"
    BOTH = "both"
    BACKGROUND = "background"
    MISSED = "missed"


def no_flags() -> NDArray[np.bool_]:
    return np.zeros(0, dtype=bool)


@dataclass(frozen=True, eq=False)
class ImageResult:
    """One image's true boxes ([T, 4] with class ids [T]) and predicted boxes ([P, 4] with class ids and scores [P]).

    `true_difficult` [T] marks objects that VOC AP leaves out; empty means none. The COCO rules know no such flag.
    """

    image_id: int
    true_boxes: Boxes
    true_classes: NDArray[np.int64]
    boxes: Boxes
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    true_difficult: NDArray[np.bool_] = field(default_factory=no_flags)

    @classmethod
    def build(
        cls,
        image_id: int,
        truths: list[tuple[int, float, float, float, float]],
        predictions: list[tuple[int, float, float, float, float, float]],
        difficult: list[bool] | None = None,
    ) -> ImageResult:
        """From rows (class id, xmin, ymin, xmax, ymax) and (class id, score, xmin, ymin, xmax, ymax)."""
        true = np.asarray(truths, dtype=np.float64).reshape(-1, 5)
        predicted = np.asarray(predictions, dtype=np.float64).reshape(-1, 6)
        return cls(
            image_id=image_id,
            true_boxes=true[:, 1:],
            true_classes=true[:, 0].astype(np.int64),
            boxes=predicted[:, 2:],
            classes=predicted[:, 0].astype(np.int64),
            scores=predicted[:, 1],
            true_difficult=np.asarray(difficult or [False] * len(true), dtype=bool),
        )


@dataclass(frozen=True)
class OperatingPoint:
    """Precision, recall and F1 when only boxes with at least `score` count; None where there is nothing to measure.

    Precision needs at least one predicted box, recall at least one true box.
    """

    score: float
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Interval:
    """Where 95 % of the resampled figures lie."""

    low: float
    high: float


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class. Those of AP and recall are None when the split has no object of it.

    `objects` counts true boxes (`difficult` of them marked so), `predictions` the predicted boxes at `precision`'s
    score threshold. `best` is the threshold with the highest F1; `ece` the class's D-ECE.
    """

    class_id: int
    name: str
    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_interval: Interval | None
    ap50_interval: Interval | None
    voc_11: float | None
    voc_all: float | None
    precision: float | None
    recall: float | None
    objects: int
    difficult: int
    predictions: int
    best: OperatingPoint | None
    ece: float | None


@dataclass(frozen=True)
class SizeFigures:
    """AP and AR of the objects with `low` <= area < `high` square pixels (`high` None: no limit)."""

    name: str
    low: float
    high: float | None
    objects: int
    ap: float | None
    ar: float | None


@dataclass(frozen=True)
class Tide:
    """AP50 that repairing one kind of error alone would give back (they do not add up), and how often it occurs."""

    ap: float
    gains: dict[str, float]
    counts: dict[str, int]


@dataclass(frozen=True)
class Calibration:
    """D-ECE and the bins it stands on: [{low, high, confidence, precision, count}]."""

    ece: float
    mce: float
    bins: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Figures:
    """The twelve COCO figures (0 to 1, None where there is nothing to measure), everything else, and each class."""

    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    ar_1: float | None
    ar_10: float | None
    ar_100: float | None
    ar_small: float | None
    ar_medium: float | None
    ar_large: float | None
    ap_interval: Interval | None
    ap50_interval: Interval | None
    voc_11: float | None
    voc_all: float | None
    score_threshold: float
    images: int
    negatives: int
    objects: int
    difficult: int
    predictions: int
    sizes: tuple[SizeFigures, ...]
    tide: Tide
    calibration: Calibration
    confusion: list[list[int]]
    per_class: tuple[ClassFigures, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
