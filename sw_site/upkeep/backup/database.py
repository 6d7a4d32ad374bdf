"""The database in a backup: copied in one moment while people work, and put into an empty one."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from sw_site.lib.errors import UserError
from sw_site.upkeep.backup import postgres
from sw_site.upkeep.backup.repository import Repository
from sw_site.upkeep.stored import fields

Query = Callable[[str], Iterable[tuple[Any, ...]]]
NO_TABLES = ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")


def keep_database(repository: Repository) -> tuple[dict[str, Any], set[str]]:
    """Copy the database: (what the snapshot says of it, storage names its rows hold), all of the same moment."""
    with tempfile.TemporaryDirectory(dir=repository.folder, prefix="database-") as folder:
        path = Path(folder, "copy")
        about, names = (_copy_sqlite if connection.vendor == "sqlite" else _dump_postgres)(path)
        with path.open("rb") as file:
            sha256, size, _ = repository.add(file)
    return {"kind": connection.vendor, "object": sha256, "size": size, **about}, names


def _copy_sqlite(path: Path) -> tuple[dict[str, Any], set[str]]:
    """By SQLite's own backup, in one step: writers go on, and what they write is not in it."""
    plain = path.with_name("plain")
    copy = sqlite3.connect(plain)
    try:
        connection.ensure_connection()
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a -wal beside it
        found = _facts(copy.execute, _sqlite_tables(copy.execute)), _names(copy.execute)
    finally:
        copy.close()
    with plain.open("rb") as reading, gzip.open(path, "wb", compresslevel=1) as writing:
        shutil.copyfileobj(reading, writing, 1024 * 1024)
    return found


def _sqlite_tables(query: Query) -> list[str]:
    rows = query("SELECT name FROM sqlite_master WHERE type = 'table'")
    return sorted(name for (name,) in rows if name not in NO_TABLES)


def _dump_postgres(path: Path) -> tuple[dict[str, Any], set[str]]:
    """pg_dump sees the same snapshot as the transaction that counts here."""
    with transaction.atomic(), connection.cursor() as cursor:

        def query(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return cursor.fetchall()

        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        ((snapshot,),) = query("SELECT pg_export_snapshot()")
        options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
        postgres.run("pg_dump", connection.settings_dict, *options, f"--snapshot={snapshot}", f"--file={path}")
        return _facts(query, sorted(connection.introspection.table_names(cursor))), _names(query)


def _facts(query: Query, tables: list[str]) -> dict[str, Any]:
    counts = {table: next(iter(query(f'SELECT COUNT(*) FROM "{table}"')))[0] for table in tables}  # noqa: S608
    applied = query("SELECT app, name FROM django_migrations ORDER BY id") if "django_migrations" in tables else []
    return {"counts": counts, "migrations": [list(row) for row in applied]}


def _names(query: Query) -> set[str]:
    found: set[str] = set()
    columns = _columns()
    for model, field in fields():
        table = model._meta.db_table
        if field in columns.get(table, ()):
            sql = f'SELECT "{field}" FROM "{table}" WHERE "{field}" <> \'\''  # noqa: S608 - the model's names
            found.update(name for (name,) in query(sql))
    return found


def _columns() -> dict[str, set[str]]:
    """By table. A new release is asked for a backup before it migrates, too: what it will add is not there yet."""
    look = connection.introspection
    with connection.cursor() as cursor:
        return {
            table: {column.name for column in look.get_table_description(cursor, table)}
            for table in look.table_names(cursor)
        }


def tables() -> list[str]:
    """Tables that are in the database now."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def counts() -> dict[str, int]:
    """Rows by table, as a snapshot has them."""
    with connection.cursor() as cursor:

        def query(sql: str) -> Iterator[tuple[Any, ...]]:
            cursor.execute(sql)
            return iter(cursor.fetchall())

        return _facts(query, tables())["counts"]


def put_database(repository: Repository, about: dict[str, Any]) -> None:
    """Fill the empty database of this site from a snapshot, whole or not at all."""
    connection.close()
    if about["kind"] == "sqlite":
        return _put_sqlite(repository, about["object"])
    with tempfile.NamedTemporaryFile(prefix="sw-site-dump-") as file:
        for piece in repository.pieces(about["object"]):
            file.write(piece)
        file.flush()
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        postgres.run("pg_restore", connection.settings_dict, *options, file.name)
    return None


def _put_sqlite(repository: Repository, sha256: str) -> None:
    target = Path(connection.settings_dict["NAME"])
    target.parent.mkdir(parents=True, exist_ok=True)
    packed, part = target.with_name(f"{target.name}.gz.part"), target.with_name(f"{target.name}.part")
    try:
        with packed.open("wb") as file:
            file.writelines(repository.pieces(sha256))
        with gzip.open(packed) as reading, part.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 1024 * 1024)
        for suffix in ("-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        part.replace(target)
    finally:
        packed.unlink(missing_ok=True)
        part.unlink(missing_ok=True)


def check_kind(about: dict[str, Any]) -> None:
    """Raises UserError when the snapshot is of another kind of database than this site's."""
    if about["kind"] != connection.vendor:
        here, there = ("SQLite", "Postgres") if connection.vendor == "sqlite" else ("Postgres", "SQLite")
        raise UserError(
            "other_database",
            f"The snapshot is of a site on {there}, and this one is set to {here} (DATABASE_URL). A backup comes back "
            "on the kind of database it was made of.",
        )
