"""Models of the running site that answer as they are told: real ONNX files, made by the site's own manage.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.e2e.conftest import Site
from tests.e2e.labelling import manage

#: (name of a class, score, xmin, ymin, xmax, ymax), edges as shares of width and height.
NamedAnswer = tuple[str, float, float, float, float, float]


def run_here(site: Site, function: str, /, *values: Any, **options: Any) -> Any:
    """What a function of this module gives for these values, called in a process of the site."""
    call = f"models.{function}(*{values!r}, **{options!r})"
    return json.loads(manage(site, "shell", "-v", "0", "-c", f"from tests.e2e import models; models.say({call})"))


def make_model(site: Site, dataset: str, answers: Sequence[NamedAnswer], **options: Any) -> dict[str, Any]:
    """Freeze the dataset and make a model on that version; {"model", "version"} by number. Options: see `made`."""
    return dict(run_here(site, "made", dataset, list(answers), **options))


def say(value: Any) -> None:
    print(json.dumps(value))


def made(
    dataset: str, answers: list[NamedAnswer], *, name: str = "", brightness: float | None = None, **settings: Any
) -> dict[str, Any]:
    """A version, and a model of a run on it that gives `answers` on each image (brighter than `brightness`)."""
    from datasets import lookup
    from datasets.versions.freeze import freeze
    from tests.detections.builders import make_detector
    from training.bases import NOTHING
    from training.config import TrainingSettings

    version = freeze(lookup.dataset_by_name(dataset), (0.5, 0.25, 0.25), shots_together=False)
    manifest = version.manifest()
    numbers = {name: number for number, name in manifest.classes.items()}
    rows = [(numbers[class_name], *rest) for class_name, *rest in answers]
    classes = {str(number): name for number, name in manifest.classes.items()}
    model = make_detector(version, rows, brightness, classes=classes, name=name or dataset)
    config = TrainingSettings.for_version(version, **settings)
    model.run.config, model.run.steps = config.run_json(model.run.name, NOTHING.to_json()), config.steps
    model.run.save()
    return {"model": model.pk, "version": version.pk}


def evaluated(model: int) -> int:
    """Number of an evaluation of this model on the largest split."""
    from detections.actions import evaluate_here
    from training.models import TrainedModel

    row = TrainedModel.objects.get(pk=model)
    counts = row.run.version.counts
    split = max(("train", "val", "test"), key=lambda split: counts[split]["images"])
    return int(evaluate_here(row, row.run.version, split, lambda *_: None).pk)
