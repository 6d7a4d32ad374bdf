"""Rows named on the command line."""

from __future__ import annotations

from datasets import lookup
from datasets.models import DatasetVersion
from sw_site.lib.errors import UserError
from training.models import TrainedModel


def model_of(reference: str) -> TrainedModel:
    """The model with this number or name."""
    try:
        return TrainedModel.objects.for_list().by_reference(reference)
    except TrainedModel.DoesNotExist:
        known = ", ".join(TrainedModel.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise UserError("no_such_model", f"There is no model “{reference}”. There are: {known}.", 404) from None


def version_of(model: TrainedModel, number: int | None) -> DatasetVersion:
    """This version of the dataset the model was trained on; without a number the one it was trained on."""
    return model.run.version if number is None else lookup.version_of(model.run.version.dataset, number)
