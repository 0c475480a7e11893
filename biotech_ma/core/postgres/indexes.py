"""Indexes: how big, how used, and which are invalid or say what another one says."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class IndexStats:
    """One index; `redundant_with` names one that serves each of its queries; `unused` is since the last reset."""

    index: str
    table: str
    bytes: int
    scans: int
    unique: bool
    valid: bool
    unused: bool
    redundant_with: str | None
    definition: str


# Redundant: a plain btree whose keys are the first keys of another on the same rows, in the same order and operator
# classes. Of two that are equal, the one made later.
_INDEXES = """
WITH i AS (
    SELECT x.*, c.relname AS name, t.relname AS tablename, am.amname, pg_relation_size(c.oid) AS bytes,
           x.indkey::text || ' ' AS keys, x.indclass::text || ' ' AS classes, x.indoption::text || ' ' AS options,
           x.indcollation::text || ' ' AS collations,
           coalesce(pg_get_expr(x.indexprs, x.indrelid), '') AS expressions,
           coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_am am ON am.oid = c.relam
    WHERE t.relnamespace = 'public'::regnamespace
)
SELECT i.name, i.tablename, i.bytes, coalesce(s.idx_scan, 0), i.indisunique, i.indisvalid,
       coalesce(s.idx_scan, 0) = 0 AND NOT i.indisunique,
       (SELECT min(o.name) FROM i o
        WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND NOT i.indisunique AND o.indisvalid
          AND o.amname = i.amname AND o.predicate = i.predicate AND o.expressions = i.expressions
          AND (o.keys = i.keys AND o.classes = i.classes AND o.options = i.options AND o.collations = i.collations
               AND (o.indisunique OR o.indexrelid < i.indexrelid)
            OR i.amname = 'btree' AND o.keys <> i.keys AND i.expressions = '' AND starts_with(o.keys, i.keys)
               AND starts_with(o.classes, i.classes) AND starts_with(o.options, i.options)
               AND starts_with(o.collations, i.collations))),
       pg_get_indexdef(i.indexrelid)
FROM i LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.indexrelid
ORDER BY i.tablename, i.name
"""


def index_stats(connection: BaseDatabaseWrapper) -> list[IndexStats]:
    """Return every index, by table and name."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES)
        return [IndexStats(*row) for row in cursor.fetchall()]
