"""Naming versions, and deleting those that nothing stands on."""

from __future__ import annotations

from collections import Counter

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError

from datasets.models import DatasetVersion
from sw_site.lib.errors import UserError


def rename_version(version: DatasetVersion, name: str) -> DatasetVersion:
    """The name is for people; the number and the content never change."""
    version.name = " ".join(name.replace("\x00", "").split())[:100]
    version.save(update_fields=["name"])
    return version


def delete_version(version: DatasetVersion) -> None:
    """Delete a version that no run, model or evaluation cites.

    Raises:
        UserError: something was trained on it or measured with it, which could then no longer be explained.
    """
    try:
        with transaction.atomic():
            version.delete()
    except ProtectedError as error:
        kinds = Counter(str(row._meta.verbose_name) for row in error.protected_objects)
        cited = " and ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items()))
        raise UserError(
            "version_in_use",
            f"{version} cannot be deleted: {cited} stand{'s' if sum(kinds.values()) == 1 else ''} on it, and a model "
            "must always be able to say what it learned from. Delete those first if they are not needed.",
            409,
        ) from error
    if not DatasetVersion.objects.filter(manifest_file=version.manifest_file).exists():
        transaction.on_commit(lambda: default_storage.delete(version.manifest_file))
