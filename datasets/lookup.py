"""Finding rows by what a person types on the command line."""

from __future__ import annotations

from django.db.models import Q

from datasets.models import Dataset, DatasetVersion
from sw_site.lib.errors import UserError


def dataset_by_name(name: str) -> Dataset:
    """The dataset of this name or slug; UserError naming what there is instead."""
    found = Dataset.objects.filter(Q(name=name) | Q(slug=name)).first()
    if found is None:
        known = ", ".join(Dataset.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise UserError("no_such_dataset", f"There is no dataset called “{name}”. There are: {known}.", 404)
    return found


def version_of(dataset: Dataset, number: int | None = None) -> DatasetVersion:
    """The version of this number, or the newest; UserError naming what there is instead."""
    versions = dataset.versions.select_related("dataset").order_by("-number")
    found = (versions if number is None else versions.filter(number=number)).first()
    if found is None:
        known = ", ".join(str(n) for n in versions.values_list("number", flat=True)) or "none"
        raise UserError(
            "no_such_version",
            f"{dataset.name} has no version {'' if number is None else number} (frozen so far: {known}). "
            "Freeze one first, on the dataset's Versions tab or with manage.py create_version.",
            404,
        )
    return found
