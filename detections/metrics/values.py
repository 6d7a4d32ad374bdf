"""Values of the metrics. Boxes are absolute pixel edges of the upright image."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
    BACKGROUND = "background"
    MISSED = "missed"


@dataclass(frozen=True, eq=False)
class ImageResult:
    """One image's true boxes ([T, 4] with class ids [T]) and predicted boxes ([P, 4] with class ids and scores [P]).

    Difficult objects are ordinary true boxes here: the COCO rules know no difficult flag.
    """

    image_id: int
    true_boxes: Boxes
    true_classes: NDArray[np.int64]
    boxes: Boxes
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]

    @classmethod
    def build(
        cls,
        image_id: int,
        truths: list[tuple[int, float, float, float, float]],
        predictions: list[tuple[int, float, float, float, float, float]],
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
        )


@dataclass(frozen=True)
class MatchRow:
    """One predicted box and its outcome, or one missed true box (`score` None).

    `iou` is with the true box that decided the outcome; 0 where there was none.
    """

    image_id: int
    outcome: Outcome
    class_id: int
    score: float | None
    iou: float
    box: tuple[float, float, float, float]


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
class ClassFigures:
    """Figures of one class. `ap`, `ap50` and recall are None when the split has no object of it.

    `objects` counts true boxes, `predictions` the predicted boxes at `precision`'s score threshold.
    `best` is the threshold with the highest F1.
    """

    class_id: int
    name: str
    ap: float | None
    ap50: float | None
    precision: float | None
    recall: float | None
    objects: int
    predictions: int
    best: OperatingPoint | None


@dataclass(frozen=True)
class Figures:
    """The twelve COCO figures (0 to 1, None where there is nothing to measure) and the figures of each class."""

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
    score_threshold: float
    images: int
    objects: int
    predictions: int
    per_class: tuple[ClassFigures, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
