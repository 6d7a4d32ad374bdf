"""Inserting rows by the ten thousand. The ORM's own bulk_create spends four fifths of its time on preparing values."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models
from django.utils import timezone

#: Kinds of values that each database writes in its own way; all others go through as they are.
PREPARED = (models.UUIDField, models.JSONField, models.DateTimeField, models.BinaryField)
ROWS_PER_RANDOM_BLOCK = 1000


def new_ids() -> Iterator[uuid.UUID]:
    """Time-ordered (version 7) ids without end, each above the one before: boxes keep the order of their file, and
    rows inserted together lie together in the index.

    Source: RFC 9562, sections 5.7 and 6.2 (method 2). The system is asked for randomness once for each thousand.
    """
    last = 0
    while True:
        block = os.urandom(10 + 4 * ROWS_PER_RANDOM_BLOCK)
        # 48 bits of milliseconds, 74 random ones with room above them to count up.
        value = (time.time_ns() // 1_000_000) << 74 | int.from_bytes(block[:10], "big") >> 7
        value = max(value, last)
        for start in range(10, len(block), 4):
            value += 1 + int.from_bytes(block[start : start + 4], "big")
            high, low = value >> 62, value & (1 << 62) - 1
            yield uuid.UUID(int=high >> 12 << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0x2 << 62 | low)
        last = value


@dataclass(slots=True)
class NewBox:
    """What a `Box` row will hold, without the ORM's object around it: an import makes hundreds of thousands."""

    id: uuid.UUID
    image_id: int
    label_class_id: int
    x1: float
    y1: float
    x2: float
    y2: float
    difficult: bool
    truncated: bool
    occluded: bool
    pose: str
    source: str
    score: float | None
    created_by_id: int | None
    tags: list[list[str]] = field(default_factory=list)


def insert_rows(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert new rows inside the caller's transaction; the database checks them as it checks all others.

    `rows` are objects with the attributes of the model's columns; an automatic key and `created_at` are made here.
    """
    if not rows:
        return
    fields = [
        f for f in model._meta.concrete_fields if f.attname != "created_at" and not isinstance(f, models.AutoField)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in [*(str(field.column) for field in fields), "created_at"])
    marks = ", ".join(["%s"] * (len(fields) + 1))
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    columns_of_values = [_values(field, rows) for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(
            # The names come from the model, the values are passed apart.
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})",  # noqa: S608
            list(zip(*columns_of_values, [now] * len(rows), strict=True)),
        )


def _values(field: models.Field[Any, Any], rows: Sequence[Any]) -> list[Any]:
    """One column of the rows, as the database wants it."""
    name = field.attname
    if isinstance(field, models.JSONField) and field.default is list:
        empty = field.get_db_prep_save([], connection)  # nearly all are, and preparing one takes a while
        values = (getattr(row, name) for row in rows)
        return [field.get_db_prep_save(value, connection) if value else empty for value in values]
    if isinstance(field, PREPARED):
        return [field.get_db_prep_save(getattr(row, name), connection) for row in rows]
    return [getattr(row, name) for row in rows]
