"""Postgres finds a text inside names by an index of their three-letter parts (SQLite reads its own index fast enough)."""

from typing import Any

from django.db import DatabaseError, migrations, transaction

#: As `icontains` writes it.
INDEX = """
    CREATE INDEX IF NOT EXISTS image_names_by_letters ON datasets_image
    USING gin (UPPER(file_name::text) gin_trgm_ops, UPPER(folder::text) gin_trgm_ops)
"""


def add_index(apps: Any, schema_editor: Any) -> None:
    """Without the right to add the extension it is left out: then a search for a text reads the names of all images."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(INDEX)
    except DatabaseError:  # no right to, or Postgres is installed without its usual extensions
        return


def drop_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS image_names_by_letters")


class Migration(migrations.Migration):
    dependencies = [("datasets", "0013_one_open_batch")]

    operations = [migrations.RunPython(add_index, drop_index)]
