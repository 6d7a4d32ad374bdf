"""Finding models by what a person types on the command line."""

from __future__ import annotations

from sw_site.lib.errors import UserError
from training.models import TrainedModel


def model_of(reference: str) -> TrainedModel:
    """The model with this number ("3" or "m3") or name; UserError naming what there is instead."""
    try:
        return TrainedModel.objects.for_list().by_reference(reference)
    except TrainedModel.DoesNotExist:
        known = ", ".join(TrainedModel.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise UserError("no_such_model", f"There is no model “{reference}”. There are: {known}.", 404) from None
