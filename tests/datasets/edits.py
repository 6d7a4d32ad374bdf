"""What an editor asks for, as operations on boxes."""

from __future__ import annotations

import uuid

from datasets.models import Box, Image
from datasets.operations import Batch, Operation, apply_batch
from datasets.saving import BoxValues


def box_of(image: Image, **fields) -> BoxValues:
    class_id = image.dataset.classes.first().pk
    return BoxValues(**{"id": uuid.uuid4(), "class_id": class_id, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **fields})


def values_of(box: Box, **fields) -> BoxValues:
    names = ("x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source", "score")
    values = {name: getattr(box, name) for name in names}
    return BoxValues(**{"id": box.pk, "class_id": box.label_class_id, **values, **fields})


def add(values):
    return Operation(values.id, values, None)


def move(box, **fields):
    return Operation(box.pk, values_of(box, source="person", **fields), values_of(box))


def delete(box):
    return Operation(box.pk, None, values_of(box))


def save(image, *operations, base=0, batch=None, user=None, **marks):
    return apply_batch(image, Batch(batch or uuid.uuid4(), base, operations, **marks), user)
