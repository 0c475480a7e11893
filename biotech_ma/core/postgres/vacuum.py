"""VACUUM, table by table, outside any transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from biotech_ma.core.postgres import login

_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm') AND pg_has_role(current_user, relowner, 'MEMBER')
ORDER BY relname
"""


@dataclass(frozen=True)
class Vacuumed:
    """One table done: how long it took, and its size in bytes before and after."""

    table: str
    seconds: float
    bytes_before: int
    bytes_after: int


def tables(connection: BaseDatabaseWrapper, names: Sequence[str] = ()) -> list[str]:
    """Return the tables to vacuum: those named, or all; raises CommandError for a name that is no table of ours."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        known = [str(row[0]) for row in cursor.fetchall()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CommandError(f"There is no table {unknown[0]!r}.")
    return list(names) or known


def vacuum(
    connection: BaseDatabaseWrapper, names: Sequence[str], *, full: bool = False, analyze: bool = False
) -> Iterator[Vacuumed]:
    """Vacuum these tables one by one, yielding each when it is done; stops between two if not asked for more.

    `full` rewrites a table and locks it meanwhile; `analyze` brings the planner's estimates up to date.
    """
    if connection.in_atomic_block:
        raise CommandError("VACUUM cannot run inside a transaction.")
    options = [word for word, wanted in (("FULL", full), ("ANALYZE", analyze)) if wanted]
    clause = sql.SQL("({}) " if options else "{}").format(sql.SQL(", ".join(options)))
    for name in names:
        table = sql.Identifier("public", name)
        with connection.cursor() as cursor:
            before = _size(cursor, name)
            started = time.perf_counter()
            try:
                cursor.execute(sql.SQL("VACUUM {}{}").format(clause, table))
            except DatabaseError as error:
                raise CommandError(f"VACUUM of {name} failed: {login.one_line(error)}") from None
            yield Vacuumed(name, round(time.perf_counter() - started, 3), before, _size(cursor, name))


def _size(cursor: Any, name: str) -> int:
    cursor.execute("SELECT pg_total_relation_size(format('public.%%I', %s::text)::regclass)", [name])
    return int(cursor.fetchone()[0])
