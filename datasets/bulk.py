"""Inserting boxes by the ten thousand. The ORM's own bulk_create spends four fifths of its time on preparing values."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from datasets.models import Box

FIELDS = [field for field in Box._meta.concrete_fields if field.attname != "created_at"]


def insert_boxes(boxes: Sequence[Box]) -> None:
    """Insert new rows inside the caller's transaction; the database checks them as it checks all others."""
    if not boxes:
        return
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in [field.column for field in FIELDS] + ["created_at"])
    marks = ", ".join(["%s"] * (len(FIELDS) + 1))
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    names = [field.attname for field in FIELDS]
    native = connection.features.has_native_uuid_field
    rows = []
    for box in boxes:
        values = [getattr(box, name) for name in names]
        values[0] = box.pk if native else box.pk.hex
        rows.append((*values, now))
    with connection.cursor() as cursor:
        # The names come from the model, the values are passed apart.
        cursor.executemany(f"INSERT INTO {quote(Box._meta.db_table)} ({columns}) VALUES ({marks})", rows)  # noqa: S608
