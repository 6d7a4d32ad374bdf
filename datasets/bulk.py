"""Inserting rows by the ten thousand. The ORM's own bulk_create spends four fifths of its time on preparing values."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils import timezone

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

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
    """What a `Box` row will hold, without the ORM's object around it: an import makes hundreds of thousands.

    `image_id` may be filled in when the image has been inserted, too.
    """

    id: uuid.UUID
    image_id: int | None
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
    database = connections[DEFAULT_DB_ALIAS]  # the proxy in front of it costs as much as a value's preparation
    fields = [
        f for f in model._meta.concrete_fields if f.attname != "created_at" and not isinstance(f, models.AutoField)
    ]
    quote = database.ops.quote_name
    columns = ", ".join(quote(name) for name in [*(str(field.column) for field in fields), "created_at"])
    marks = ", ".join(["%s"] * (len(fields) + 1))
    now = database.ops.adapt_datetimefield_value(timezone.now())
    read = attrgetter(*(field.attname for field in fields))
    as_read = zip(*map(read, rows), strict=True)
    ready = [_prepared(field, values, database) for field, values in zip(fields, as_read, strict=True)]
    table, whole = quote(model._meta.db_table), zip(*ready, [now] * len(rows), strict=True)
    with database.cursor() as cursor:
        # The names come from the model, the values are passed apart.
        if database.vendor == "postgresql":
            # A tenth of the time of as many INSERTs.
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in whole:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(whole))  # noqa: S608


def _prepared(field: models.Field[Any, Any], values: Sequence[Any], database: BaseDatabaseWrapper) -> Sequence[Any]:
    """One column of the rows, as the database wants it."""
    if isinstance(field, models.UUIDField) and not database.features.has_native_uuid_field:
        return [value and value.hex for value in values]
    if isinstance(field, models.JSONField) and field.default is list:
        empty = field.get_db_prep_save([], database)  # nearly all are, and preparing one takes a while
        return [field.get_db_prep_save(value, database) if value else empty for value in values]
    if isinstance(field, PREPARED):
        return [field.get_db_prep_save(value, database) for value in values]
    return values


def update_rows(model: type[models.Model], rows: Sequence[Any], names: Sequence[str]) -> None:
    """Write some columns (by attribute name) of rows that exist, each with one run of a prepared statement.

    The ORM's own bulk_update builds a condition for every row and column, which takes it most of a save's time.
    """
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    quote = database.ops.quote_name
    known = {field.attname: field for field in model._meta.concrete_fields}
    fields = [*(known[name] for name in names), model._meta.pk]
    values = [_prepared(field, [getattr(row, field.attname) for row in rows], database) for field in fields]
    *columns, key = (f"{quote(str(field.column))} = %s" for field in fields)
    # The names come from the model, the values are passed apart.
    sql = f"UPDATE {quote(model._meta.db_table)} SET {', '.join(columns)} WHERE {key}"  # noqa: S608
    with database.cursor() as cursor:
        cursor.executemany(sql, list(zip(*values, strict=True)))
