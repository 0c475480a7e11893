"""`db check`: everything an operator wants to be true of the database before trusting it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from biotech_ma.core.postgres import login, reader

OLDEST_MAJOR, NEWEST_MAJOR = 15, 18
CLOCK_SKEW_SECONDS = 5
BUSY_PERCENT = 80
# PostgreSQL stops writing at 2.1 billion; autovacuum should never let it come near.
OLDEST_TRANSACTION = 1_000_000_000
LONG_TRANSACTION_SECONDS = 3600
FREE_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Check:
    """One thing that must be true: whether it is, and the figure or the remedy."""

    name: str
    ok: bool
    detail: str


def checks(connection: BaseDatabaseWrapper) -> list[Check]:
    """Return the outcome of every check; without a connection there is only the first."""
    started = time.perf_counter()
    try:
        connection.ensure_connection()
        major = connection.pg_version // 10_000  # type: ignore[attr-defined]
    except (DatabaseError, CommandError) as error:
        return [Check("connection", False, login.one_line(error))]
    done = [
        Check("connection", True, f"answers in {(time.perf_counter() - started) * 1000:.0f} ms"),
        Check(
            "version",
            OLDEST_MAJOR <= major <= NEWEST_MAJOR,
            f"PostgreSQL {major}; {OLDEST_MAJOR} to {NEWEST_MAJOR} are supported",
        ),
    ]
    for name, check in _CHECKS.items():
        try:
            ok, detail = check(connection)
        except (DatabaseError, CommandError) as error:
            ok, detail = False, login.one_line(error)
        done.append(Check(name, ok, detail))
    return done


def _value(connection: BaseDatabaseWrapper, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _encoding(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    found = _value(connection, "SELECT current_setting('server_encoding')")
    return found == "UTF8", f"{found}"


def _migrations(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        first = f"{plan[0][0].app_label}.{plan[0][0].name}"
        return False, f"{len(plan)} to apply, the first {first}: run manage.py db create-all"
    return True, "all applied"


def _uuidv7(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    found = _value(connection, "SELECT to_regprocedure('uuidv7()') IS NOT NULL")
    return found, "keys are made by the server" if found else "missing: run manage.py db create-all"


def _writable(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    standby = _value(connection, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
    return not standby, "the server is read-only: a standby?" if standby else "takes writes"


def _invalid_indexes(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    names = _value(connection, "SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index WHERE NOT indisvalid")
    return not names, f"invalid: {names}; REINDEX them" if names else "all valid"


def _constraints(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    names = _value(
        connection,
        "SELECT string_agg(conname, ', ') FROM pg_constraint"
        " WHERE NOT convalidated AND connamespace = 'public'::regnamespace",
    )
    return not names, f"not validated: {names}" if names else "all validated"


def _triggers(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    names = _value(
        connection,
        "SELECT string_agg(tgrelid::regclass || '.' || tgname, ', ') FROM pg_trigger"
        " WHERE tgenabled = 'D' AND NOT tgisinternal",
    )
    return not names, f"disabled: {names}" if names else "all enabled"


def _clock(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    skew = abs((datetime.now(UTC) - _value(connection, "SELECT clock_timestamp()")).total_seconds())
    return skew < CLOCK_SKEW_SECONDS, f"{skew:.3f} s apart from this machine's"


def _room(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    used = _value(connection, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
    most = int(_value(connection, "SELECT current_setting('max_connections')"))
    return used * 100 < most * BUSY_PERCENT, f"{used} of {most} in use"


def _wraparound(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    age = _value(connection, "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")
    return age < OLDEST_TRANSACTION, f"oldest transaction {age:,} back"


def _long_transactions(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    oldest = _value(
        connection,
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8"
        " FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'",
    )
    return oldest < LONG_TRANSACTION_SECONDS, f"the oldest is {oldest:.0f} s old"


def _disk(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    if not login.is_embedded(connection):
        return True, "the server's own affair"
    free = shutil.disk_usage(Path(connection.settings_dict["EMBEDDED_DIR"])).free
    return free >= FREE_BYTES, f"{free / 1024**3:.1f} GB free"


def _reader(connection: BaseDatabaseWrapper) -> tuple[bool, str]:
    try:
        parameters = login.reader_parameters(connection)
    except CommandError as error:
        # Only db query needs it.
        return True, f"not configured: {error}"
    with login.connect(parameters) as session:
        excess = reader.excess_rights(session)
    writing = [right for right in excess if not right.startswith("may read")]
    return not writing, f"it {', '.join(writing[:3])}" if writing else "can only read"


_CHECKS: dict[str, Callable[[BaseDatabaseWrapper], tuple[bool, str]]] = {
    "encoding": _encoding,
    "migrations": _migrations,
    "uuidv7": _uuidv7,
    "writable": _writable,
    "indexes": _invalid_indexes,
    "constraints": _constraints,
    "triggers": _triggers,
    "clock": _clock,
    "sessions": _room,
    "wraparound": _wraparound,
    "transactions": _long_transactions,
    "disk": _disk,
    "reader": _reader,
}
