"""Every field that names a file of the storage is known to upkeep."""

import re

from django.apps import apps
from django.db import models

from sw_site.upkeep.stored import FIELDS, LEFTOVERS

NAMES = re.compile(r"^(file|original|annotated|\w+_file)$")


def test_no_field_with_a_storage_name_is_forgotten():
    ours = [
        model for model in apps.get_models() if model.__module__.split(".")[0] in ("datasets", "training", "detections")
    ]
    found = {
        (model._meta.label, field.name)
        for model in ours
        for field in model._meta.get_fields()
        if isinstance(field, models.CharField) and NAMES.match(field.name)
    }
    assert found == {*FIELDS, *LEFTOVERS}
