"""Connections beside Django's own: to another database of the same server, or as another role."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import make_conninfo

from biotech_ma.core.postgres import cluster
from biotech_ma.core.postgres import settings as database_settings
from biotech_ma.core.postgres.errors import DatabaseUnavailableError

# What Django and psycopg understand and libpq does not.
_NOT_LIBPQ = {
    "assume_role",
    "autocommit",
    "context",
    "cursor_factory",
    "isolation_level",
    "pool",
    "prepare_threshold",
    "server_side_binding",
}


def is_embedded(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection is to the embedded server, which is ours to start and stop."""
    return bool(connection.settings_dict.get("EMBEDDED_DIR"))


def parameters(connection: BaseDatabaseWrapper, **changes: str) -> dict[str, Any]:
    """Return libpq's parameters of Django's connection, with changes; starts the embedded server if needed."""
    own = connection.get_connection_params()
    return {name: value for name, value in own.items() if name not in _NOT_LIBPQ} | changes


def reader_parameters(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """Return libpq's parameters of the role that `db query` logs in as.

    On the embedded server that is the reader made with it; elsewhere it is DATABASE_READONLY_URL's. Raises CommandError
    when that is missing.
    """
    if is_embedded(connection):
        return parameters(connection, user=cluster.READER)
    url = settings.DATABASE_READONLY_URL
    if not url:
        raise CommandError(
            "DATABASE_READONLY_URL is not set: db query logs in as a role of its own, which may only read; "
            "docs/database.md has the SQL that makes one."
        )
    config = database_settings.from_url(url, "DATABASE_READONLY_URL")
    own = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    named = {name: config[key] for name, key in own.items() if config.get(key)}
    return named | {name: value for name, value in config["OPTIONS"].items() if name not in _NOT_LIBPQ}


def connect(parameters: dict[str, Any], **how: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect outside Django, in autocommit; raises DatabaseUnavailableError in one line."""
    try:
        return psycopg.connect(make_conninfo(**parameters), autocommit=True, **how)
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"Logging in to the database failed: {one_line(error)}") from None


def one_line(error: BaseException) -> str:
    """Return PostgreSQL's message on one line, with its hint, without the position marker below it."""
    diagnostics = getattr(error.__cause__ or error, "diag", None)
    if diagnostics is not None and diagnostics.message_primary:
        parts = [diagnostics.message_primary, diagnostics.message_detail, diagnostics.message_hint]
        return " ".join(" ".join(part.split()) for part in parts if part)
    return " ".join(str(error).split()) or type(error).__name__
