"""Rows named on the command line."""

from __future__ import annotations

from datasets import lookup
from datasets.models import DatasetVersion
from detections.models import DetectionBatch
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


def batch_of(number: int) -> DetectionBatch:
    found = DetectionBatch.objects.select_related("model__run").filter(pk=number).first()
    if found is None:
        known = ", ".join(str(pk) for pk in DetectionBatch.objects.values_list("pk", flat=True)[:10]) or "none yet"
        raise UserError("no_such_batch", f"There is no batch {number}. The latest: {known}.", 404)
    return found
