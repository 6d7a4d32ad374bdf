"""Rows named on the command line."""

from __future__ import annotations

from datasets import lookup
from datasets.models import DatasetVersion
from sw_site.lib.errors import UserError
from training.models import TrainedModel


def version_of(model: TrainedModel, number: int | None) -> DatasetVersion:
    """This version of the dataset the model was trained on; without a number the one it was trained on."""
    return model.run.version if number is None else lookup.version_of(model.run.version.dataset, number)


def read_pair(text: str) -> tuple[str, str]:
    name, sign, other = text.partition("=")
    if not sign:
        raise UserError("bad_mapping", f"“{text}” has no =. Write it as the model's class=the version's class.")
    return name, other
