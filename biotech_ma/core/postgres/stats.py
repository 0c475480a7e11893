"""How big the tables are, how alive, how well served from memory: estimates, never a count of rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class TableStats:
    """One table; rows are PostgreSQL's estimate (None before the first ANALYZE), sizes in bytes."""

    table: str
    rows_estimated: int | None
    total_bytes: int
    table_bytes: int
    index_bytes: int
    dead_rows: int
    dead_percent: float | None
    cache_hit_percent: float | None
    sequential_scans: int
    index_scans: int
    last_vacuum: datetime | None
    last_analyze: datetime | None


# reltuples is kept by VACUUM and ANALYZE, and costs nothing to read at a million rows.
_TABLES = """
SELECT c.relname, CASE WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples::bigint END,
       pg_total_relation_size(c.oid), pg_table_size(c.oid), pg_indexes_size(c.oid), coalesce(s.n_dead_tup, 0),
       round(100.0 * s.n_dead_tup / nullif(s.n_live_tup + s.n_dead_tup, 0), 1)::float8,
       round(100.0 * (io.heap_blks_hit + coalesce(io.idx_blks_hit, 0))
             / nullif(io.heap_blks_hit + io.heap_blks_read + coalesce(io.idx_blks_hit + io.idx_blks_read, 0), 0),
             2)::float8,
       coalesce(s.seq_scan, 0), coalesce(s.idx_scan, 0),
       greatest(s.last_vacuum, s.last_autovacuum), greatest(s.last_analyze, s.last_autoanalyze)
FROM pg_class c
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
LEFT JOIN pg_statio_user_tables io ON io.relid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm', 'p')
ORDER BY pg_total_relation_size(c.oid) DESC, c.relname
"""


def table_stats(connection: BaseDatabaseWrapper) -> list[TableStats]:
    """Return every table of the database, the biggest first."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [TableStats(*row) for row in cursor.fetchall()]
