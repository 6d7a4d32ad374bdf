"""Several models on the same test images: figures with their intervals, and whether one is really better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detections.comparison import Gains, gain_intervals
from detections.metrics.values import Interval
from detections.models import Evaluation, EvaluationQuerySet, Labels
from training.models import TrainedModel

SPLIT = "test"
MOST_MODELS = 6


@dataclass(frozen=True)
class Standing:
    """A model's evaluation; `gains` is where 95 % of the resampled differences to the first model lie.

    The verdict is by AP50.
    """

    evaluation: Evaluation
    gains: Gains | None
    is_first: bool

    @property
    def gain(self) -> Interval | None:
        return self.gains.ap50 if self.gains else None

    @property
    def verdict(self) -> str:
        """What these images can tell about the difference, and no more."""
        if self.is_first:
            return "the one the others are held against"
        if self.gain is None:
            return "cannot be told: there was nothing to measure"
        if self.gain.low > 0:
            return "better: zero is below the whole interval"
        if self.gain.high < 0:
            return "worse: zero is above the whole interval"
        return "cannot be told apart on these images: zero is within the interval"


def common_evaluations(rows: EvaluationQuerySet, models: Sequence[TrainedModel]) -> list[Evaluation]:
    """The newest evaluation of each model on one and the same test split; empty when they have none in common."""
    done = rows.filter(model__in=models, split=SPLIT, labels=Labels.FROZEN).exclude(boxes_file="").order_by("-pk")
    by_version: dict[int, dict[int, Evaluation]] = {}
    for row in done.select_related("model", "version__dataset"):
        by_version.setdefault(row.version_id, {}).setdefault(row.model_id, row)
    whole = [found for found in by_version.values() if len(found) == len(models)]
    return [whole[0][model.pk] for model in models] if whole else []


def standings(evaluations: Sequence[Evaluation]) -> list[Standing]:
    first = evaluations[0]
    names = tuple(sorted(first.class_names))
    return [
        Standing(one, None if one == first else gain_intervals(first.boxes_file, one.boxes_file, names), one == first)
        for one in evaluations
    ]


def class_table(evaluations: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """A row for each class: how many objects, and each model's AP50 with its interval."""
    columns = [{row["name"]: row for row in one.figures.get("per_class", [])} for one in evaluations]
    return [
        {"name": row["name"], "objects": row["objects"], "cells": [column.get(row["name"], {}) for column in columns]}
        for row in evaluations[0].figures.get("per_class", [])
    ]


def document(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """The standings for programs; `gain` is of AP50."""
    return {
        "version": evaluations[0].version_id,
        "split": SPLIT,
        "models": [
            {
                "model": one.evaluation.model_id,
                "evaluation": one.evaluation.pk,
                "ap": one.evaluation.ap,
                "ap_interval": one.evaluation.figures.get("ap_interval"),
                "ap50": one.evaluation.ap50,
                "ap50_interval": one.evaluation.figures.get("ap50_interval"),
                "gain": one.gain and {"low": one.gain.low, "high": one.gain.high},
                "ap_gain": one.gains and one.gains.ap and {"low": one.gains.ap.low, "high": one.gains.ap.high},
                "verdict": one.verdict,
            }
            for one in standings(evaluations)
        ],
        "classes": [
            {
                "name": row["name"],
                "objects": row["objects"],
                "ap50": [{"value": cell.get("ap50"), "interval": cell.get("ap50_interval")} for cell in row["cells"]],
            }
            for row in class_table(evaluations)
        ],
    }
