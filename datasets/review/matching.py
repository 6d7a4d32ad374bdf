"""Two answers about the same image, box by box. Pure functions: boxes are values with edges and a class id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.geometry import iou

#: From this overlap on, two boxes are about the same object.
SAME_OBJECT = 0.5
BoxRow = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """Boxes of the two answers (None where one has none) and their IoU, 0 to 1."""

    first: BoxRow | None
    second: BoxRow | None
    iou: float = 0.0

    @property
    def same_class(self) -> bool:
        return bool(self.first and self.second and self.first["class_id"] == self.second["class_id"])


@dataclass(frozen=True)
class Score:
    """An answer against the trusted boxes. `mean_iou` is that of objects found with the right class; None for none."""

    trusted: int
    right: int
    wrong_class: int
    missed: int
    extra: int
    iou_total: float

    @property
    def mean_iou(self) -> float | None:
        return self.iou_total / self.right if self.right else None

    def __add__(self, other: Score) -> Score:
        return Score(
            self.trusted + other.trusted,
            self.right + other.right,
            self.wrong_class + other.wrong_class,
            self.missed + other.missed,
            self.extra + other.extra,
            self.iou_total + other.iou_total,
        )


NOTHING = Score(0, 0, 0, 0, 0, 0.0)


def edges(box: BoxRow) -> tuple[float, float, float, float]:
    return box["x1"], box["y1"], box["x2"], box["y2"]


def match(first: Sequence[BoxRow], second: Sequence[BoxRow], least: float = SAME_OBJECT) -> list[Pair]:
    """Pairs of boxes by overlap, largest first, each box once (of equal overlaps those of one class); then the rest.

    Classes do not decide who is paired, so that an object with another name is seen as that, not as two mistakes.
    """
    overlaps = [
        (iou(edges(a), edges(b)), a["class_id"] == b["class_id"], i, j)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
    ]
    ranked = sorted((row for row in overlaps if row[0] >= least), key=lambda row: (-row[0], not row[1], row[2], row[3]))
    left, right, pairs = set(range(len(first))), set(range(len(second))), []
    for overlap, _, i, j in ranked:
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            pairs.append(Pair(first[i], second[j], overlap))
    pairs += [Pair(first[i], None) for i in sorted(left)]
    return pairs + [Pair(None, second[j]) for j in sorted(right)]


def score(trusted: Sequence[BoxRow], answer: Sequence[BoxRow], least: float = SAME_OBJECT) -> Score:
    pairs = match(trusted, answer, least)
    right = [pair for pair in pairs if pair.same_class]
    both = [pair for pair in pairs if pair.first and pair.second]
    return Score(
        trusted=len(trusted),
        right=len(right),
        wrong_class=len(both) - len(right),
        missed=sum(pair.second is None for pair in pairs),
        extra=sum(pair.first is None for pair in pairs),
        iou_total=sum(pair.iou for pair in right),
    )
