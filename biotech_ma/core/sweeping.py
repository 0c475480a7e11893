"""Rows that are kept for a day: each new row throws a few of the older ones away."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

KEPT_HOURS = 24
# Kept rows that one new row throws away at most: more than it adds, and never a long wait.
SWEPT = 50

_SWEEP = """
DELETE FROM {table} WHERE {key} IN (
    SELECT {key} FROM {table} WHERE created_at < statement_timestamp() - make_interval(hours => %s)
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def sweep(model: type[models.Model]) -> None:
    """Throw away rows of the model's table older than a day, the oldest first; those that others are at stay."""
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP.format(table=quote(model._meta.db_table), key=quote(key.column)), [KEPT_HOURS, SWEPT])
