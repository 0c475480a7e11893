"""Entries in a row's history for what concerns it although none of its own fields changed."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

# The names put into the statement are the history's own columns.
_NOTE = """
INSERT INTO {history} ({columns}, pgh_created_at, pgh_label, pgh_obj_id, pgh_context_id)
SELECT {columns}, now(), 'update', id, _pgh_attach_context() FROM {table} WHERE id = %s
"""


def note_in_history(row: models.Model) -> None:
    """Record the row as it stands once more, under the action and the reason that are being recorded."""
    event: Any = row._meta.get_field("history").related_model
    names = [field.column for field in event._meta.concrete_fields if not field.name.startswith("pgh_")]
    statement = _NOTE.format(
        history=event._meta.db_table, table=row._meta.db_table, columns=", ".join(f'"{name}"' for name in names)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [row.pk])
