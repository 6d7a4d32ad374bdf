"""Rows named on the command line."""

from __future__ import annotations

from datasets import lookup
from datasets.models import DatasetVersion
from training.models import TrainedModel


def version_of(model: TrainedModel, number: int | None) -> DatasetVersion:
    """This version of the dataset the model was trained on; without a number the one it was trained on."""
    return model.run.version if number is None else lookup.version_of(model.run.version.dataset, number)
