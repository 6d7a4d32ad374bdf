"""Two models on the same images and labels: whose figures are higher, and what one finds that the other misses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from django.http import QueryDict
from numpy.typing import NDArray

from detections.gallery import Gallery
from detections.gallery_filter import Filter
from detections.metrics.bootstrap import FEW_OBJECTS, interval, mean_draws, mean_over_ious, resampled_precision
from detections.metrics.values import Interval
from detections.models import Evaluation, EvaluationQuerySet
from detections.tables import read_table
from sw_site.lib.errors import UserError

GROUPS = {
    "first": "A finds, B misses",
    "second": "B finds, A misses",
    "neither": "Both miss",
    "both": "Both find",
}
FIGURES = {"ap": "AP", "ap50": "AP50", "ap75": "AP75", "voc_all": "VOC AP", "ar_100": "AR 100"}


class Gains(NamedTuple):
    """Where 95 % of the resampled differences of two models lie; None where there is nothing to measure."""

    ap: Interval | None
    ap50: Interval | None


@dataclass(frozen=True)
class Comparison:
    """Two evaluations at one score and IoU; `group` is one of GROUPS. The objects are numbered as in their tables."""

    first: Gallery
    second: Gallery
    group: str = "first"

    @classmethod
    def from_query(
        cls, first: Evaluation, second: Evaluation, query: QueryDict, hidden: frozenset[int] = frozenset()
    ) -> Comparison:
        """`hidden` as in `Gallery`. Raises UserError when the two did not see the same images with the same labels."""
        asked = Filter.from_query(query, first)
        group = query.get("group", "")
        galleries = (Gallery(first, asked, hidden), Gallery(second, asked, hidden))
        made = cls(*galleries, group if group in GROUPS else "first")
        made.check()
        return made

    def check(self) -> None:
        ours, theirs = self.first.table, self.second.table
        same = all(
            np.array_equal(getattr(ours, name), getattr(theirs, name))
            for name in ("image_ids", "true_image", "true_classes", "true_boxes")
        )
        if not same:
            raise UserError(
                "not_comparable",
                f"“{self.first.evaluation}” and “{self.second.evaluation}” did not see the same images with the same "
                "labels. Evaluate both models on the same version and split, then compare those.",
            )

    @cached_property
    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Which objects [T] are in each group."""
        found, other = ~self.first.missed, ~self.second.missed
        masks = (found & ~other, ~found & other, ~found & ~other, found & other)
        return dict(zip(GROUPS, masks, strict=True))

    def of_class(self) -> NDArray[np.bool_]:
        class_id = self.first.filter.class_id
        classes = self.first.table.true_classes
        return np.ones(len(classes), dtype=bool) if class_id is None else classes == class_id

    def objects(self) -> NDArray[np.int64]:
        """The group's objects that may be shown, image by image."""
        shown = ~self.first.is_hidden[self.first.table.true_image]
        return np.flatnonzero(self.groups[self.group] & self.of_class() & shown)

    def entries(self) -> NDArray[np.int64]:
        """The same as entries of the first evaluation's gallery."""
        return len(self.first.table) + self.objects()

    def chips(self) -> Iterator[dict[str, Any]]:
        for group, label in GROUPS.items():
            count = int((self.groups[group] & self.of_class()).sum())
            yield {"group": group, "label": label, "count": count, "current": group == self.group}

    def figures(self) -> Iterator[dict[str, Any]]:
        ours, theirs = self.first.evaluation.figures, self.second.evaluation.figures
        for name, label in FIGURES.items():
            yield {"label": label, **difference(ours.get(name), theirs.get(name))}

    def classes(self) -> Iterator[dict[str, Any]]:
        theirs = {row["class_id"]: row for row in self.second.evaluation.figures["per_class"]}
        for row in self.first.evaluation.figures["per_class"]:
            other = theirs.get(row["class_id"], {})
            few = row["objects"] < FEW_OBJECTS
            yield {"row": row, "few": few, **difference(row["ap50"], other.get("ap50"))}

    def gains(self) -> Gains:
        """Where 95 % of the resampled differences lie (B less A); both models see the same draws."""
        names = tuple(sorted(self.first.evaluation.class_names))
        return gain_intervals(self.first.evaluation.boxes_file, self.second.evaluation.boxes_file, names)


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Figures of both (gain in points, B less A), the classes, the groups of objects and the interval of the gain."""
    return {
        "a": comparison.first.evaluation.pk,
        "b": comparison.second.evaluation.pk,
        "score": comparison.first.filter.score,
        "iou": comparison.first.filter.iou,
        "figures": {row.pop("label"): row for row in comparison.figures()},
        **{
            f"{name}_gain_interval": [100 * gain.low, 100 * gain.high] if gain else None
            for name, gain in comparison.gains()._asdict().items()
        },
        "classes": {
            each["row"]["name"]: {name: each[name] for name in ("first", "second", "gain")} | {"few": each["few"]}
            for each in comparison.classes()
        },
        "objects": {chip["group"]: chip["count"] for chip in comparison.chips()},
    }


def difference(first: float | None, second: float | None) -> dict[str, float | None]:
    gain = None if first is None or second is None else 100 * (second - first)
    return {"first": first, "second": second, "gain": gain}


@lru_cache(maxsize=16)
def gain_intervals(first: str, second: str, class_ids: tuple[int, ...]) -> Gains:
    ours, theirs = (resampled_precision(read_table(name), class_ids) for name in (first, second))
    at_50 = mean_draws(theirs[:, :, 0]) - mean_draws(ours[:, :, 0])
    over_all = mean_draws(mean_over_ious(theirs)) - mean_draws(mean_over_ious(ours))
    return Gains(ap=interval(over_all), ap50=interval(at_50))


def comparable(evaluations: EvaluationQuerySet, evaluation: Evaluation) -> EvaluationQuerySet:
    """What could be compared with this one: the same version, split and kind of labels, done, with boxes."""
    same = evaluations.filter(version=evaluation.version_id, split=evaluation.split, labels=evaluation.labels)
    return same.exclude(boxes_file="").exclude(pk=evaluation.pk)
