"""Reads by statements that the server has planned already: one round trip each, the text as bytes.

For single SELECTs outside of any transaction, which can be asked again: a connection that turns out to be broken is
replaced and the question repeated, so that no check before use is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.adapt import Loader

# What the server says when a pooler between has swapped the session under us.
_LOST = (psycopg.errors.InvalidSqlStatementName, psycopg.errors.DuplicatePreparedStatement)


class _Bytes(Loader):
    """Text as the server sends it: UTF-8."""

    def load(self, data: Any) -> bytes:
        """Return the bytes."""
        return bytes(data)


class _Prepared:
    """Whether statements are prepared: no longer, once a pooler has shown that it cannot bear it."""

    bearable = True


def is_possible() -> bool:
    """Return whether this thread reads what is committed, and nobody watches its statements."""
    connection = _connection()
    return not (connection.in_atomic_block or connection.queries_logged or connection.execute_wrappers)


def one(statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Return the statement's one row, text as bytes. Raises django.db's errors."""
    connection = _connection()
    try:
        return _asked(connection, statement, parameters)
    except (OperationalError, InterfaceError):
        held: Any = connection.connection
        if held is not None and not held.closed:
            raise
        connection.close()
        return _asked(connection, statement, parameters)


def _asked(connection: Any, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = _cursor(connection)
        try:
            cursor.execute(statement, parameters, prepare=_Prepared.bearable)
        except _LOST:
            _Prepared.bearable = False
            cursor.execute(statement, parameters, prepare=False)
        return cursor.fetchone() or ()


def _cursor(connection: Any) -> psycopg.Cursor[Any]:
    """Return the thread's cursor that binds on the server, one as long as its connection lasts."""
    cursor: psycopg.Cursor[Any] | None = getattr(connection, "_reader", None)
    if cursor is None or cursor.connection is not connection.connection:
        cursor = connection._reader = psycopg.Cursor(connection.connection)
        cursor.adapters.register_loader("text", _Bytes)
    return cursor


def _connection() -> BaseDatabaseWrapper:
    return connections[DEFAULT_DB_ALIAS]
