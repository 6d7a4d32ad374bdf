"""Finding rows by what a person types on the command line."""

from __future__ import annotations

from django.db.models import Q

from datasets.models import Dataset, DatasetVersion
from sw_site.lib.errors import UserError


def dataset_by_name(name: str) -> Dataset:
    """The dataset of this name or slug."""
    found = Dataset.objects.filter(Q(name=name) | Q(slug=name)).first()
    if found is None:
        names = ", ".join(Dataset.objects.values_list("name", flat=True)) or "none yet"
        raise UserError("no_such_dataset", f"There is no dataset {name!r}. Datasets here: {names}.")
    return found


def version_of(dataset: Dataset, number: int | None = None) -> DatasetVersion:
    """The version of this number, or the newest."""
    versions = dataset.versions.order_by("-number")
    found = versions.filter(number=number).first() if number else versions.first()
    if found is None:
        what = f"version {number}" if number else "version yet"
        raise UserError(
            "no_such_version", f"{dataset.name} has no {what}. Freeze one: create_version “{dataset.name}”."
        )
    return found
