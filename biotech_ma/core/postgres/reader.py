"""The role of `db query`: what it may read, and the proof that it may do nothing else.

Deny by default: only tables of the product's own apps, of these only columns that hold no secret, are granted; what a
later migration adds is unreadable until the next refresh has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from psycopg import sql

from biotech_ma.core.crypto import EncryptedTextField

# What a model does not say is judged by the name, so that a new column is secret before anybody thinks of it.
SECRET_NAME = re.compile(r"secret|passw|api_?key|token|credential|digest|private|cipher|encrypted", re.IGNORECASE)
SECRET_TABLE = re.compile(r"session|idempoten|token|credential|secret", re.IGNORECASE)

type Readable = dict[str, list[str]]


def readable() -> Readable:
    """Return the tables that the reader sees, and of each the columns: the product's own, without the secret ones."""
    return {
        model._meta.db_table: [str(field.column) for field in model._meta.concrete_fields if not is_secret(field)]
        for config in apps.get_app_configs()
        if _is_ours(config)
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not SECRET_TABLE.search(model._meta.db_table)
        if not _tells_of_others(model)
    }


def is_secret(field: Field[Any, Any]) -> bool:
    """Whether a column holds a secret: the model says so (`secret_fields`, `open_fields`), or it is encrypted.

    Of a column that no model has spoken of, Django's own among them, the name decides. A history says what its
    model does.
    """
    model: Any = getattr(field.model, "pgh_tracked_model", None) or field.model
    if isinstance(field, EncryptedTextField) or field.name in getattr(model, "secret_fields", ()):
        return True
    is_open = field.name in getattr(model, "open_fields", ())
    return not is_open and SECRET_NAME.search(str(field.column)) is not None


def _tells_of_others(model: Any) -> bool:
    """Return whether a table is the history of one that is not the product's own: users, their groups."""
    tracked = getattr(model, "pgh_tracked_model", None)
    return tracked is not None and not _is_ours(apps.get_app_config(tracked._meta.concrete_model._meta.app_label))


def _is_ours(config: AppConfig) -> bool:
    folder = Path(config.path).resolve()
    return folder.is_relative_to(settings.BASE_DIR) and "site-packages" not in folder.parts


# Every privilege on a relation of the schema that the role or PUBLIC holds: of the table (column NULL) or a column.
_HELD = """
SELECT c.relname, held.attname, held.privilege_type, held.grantee = 0
FROM pg_class c
CROSS JOIN LATERAL (
    SELECT NULL::name AS attname, x.* FROM aclexplode(c.relacl) x
    UNION ALL
    SELECT a.attname, x.* FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = c.oid AND NOT a.attisdropped
) held
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND pg_has_role(current_user, c.relowner, 'MEMBER')
  AND (held.grantee = 0 OR held.grantee = (SELECT oid FROM pg_roles WHERE rolname = %s))
"""
_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
  AND pg_has_role(current_user, c.relowner, 'MEMBER')
"""
# One refresh at a time: concurrent GRANTs on one table fail with "tuple concurrently updated".
_LOCK = "SELECT pg_advisory_xact_lock(5132014771)"


def refresh_grants(connection: BaseDatabaseWrapper, role: str) -> list[str]:
    """Bring the role's rights to exactly `readable()`, as the owner of the tables; return the relations changed.

    Takes back, too, what PUBLIC was granted on them. Writes nothing when all is as it should be.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_COLUMNS)
        present: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            present.setdefault(table, set()).add(column)
        cursor.execute(_HELD, [role])
        held: dict[str, set[tuple[str | None, str, bool]]] = {}
        for relation, column, privilege, by_public in cursor.fetchall():
            held.setdefault(relation, set()).add((column, privilege, by_public))
        wanted = {
            table: {(column, "SELECT", False) for column in columns if column in present[table]}
            for table, columns in readable().items()
            if table in present
        }
        changed = sorted(name for name in held | wanted if held.get(name, set()) != wanted.get(name, set()))
        for relation in changed:
            columns = [column for column, _, _ in wanted.get(relation, set()) if column]
            for statement in _statements(relation, sorted(columns), role):
                cursor.execute(statement)
        _refresh_database(cursor, connection, role)
    return changed


def _statements(relation: str, columns: list[str], role: str) -> Iterable[sql.Composed]:
    table, reader = sql.Identifier("public", relation), sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(table, reader)
    if columns:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        yield sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(names, table, reader)


def _refresh_database(cursor: Any, connection: BaseDatabaseWrapper, role: str) -> None:
    """Let the role connect, and keep everybody but the owner from making temporary tables."""
    cursor.execute(
        "SELECT has_database_privilege(%s, current_database(), 'CONNECT'),"
        " has_database_privilege(%s, current_database(), 'TEMP'), has_schema_privilege(%s, 'public', 'USAGE'),"
        " current_database(), pg_has_role(current_user, datdba, 'MEMBER')"
        " FROM pg_database WHERE datname = current_database()",
        [role, role, role],
    )
    may_connect, may_temp, may_look, name, owns = cursor.fetchone()
    database, reader = sql.Identifier(name), sql.Identifier(role)
    if owns and not may_connect:
        cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, reader))
    if owns and may_temp:
        cursor.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}").format(database, reader))
    if owns and not may_look:
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(reader))


# Each row is one thing that the role could do and must not. Relations outside the system's schemas only. A trigger's
# function is none: no statement calls it, and whoever may create a trigger is found out by the rights on tables.
_EXCESS = """
WITH me AS (SELECT * FROM pg_roles WHERE rolname = current_user),
relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
)
SELECT 'is a superuser' FROM me WHERE rolsuper
UNION ALL SELECT 'may create roles or databases' FROM me WHERE rolcreaterole OR rolcreatedb
UNION ALL SELECT 'may replicate or bypass row security' FROM me WHERE rolreplication OR rolbypassrls
UNION ALL SELECT 'is a member of ' || r.rolname FROM pg_roles r, me
    WHERE r.rolname <> me.rolname AND pg_has_role(me.oid, r.oid, 'MEMBER')
UNION ALL SELECT 'owns the database' FROM pg_database d, me
    WHERE d.datname = current_database() AND pg_has_role(me.oid, d.datdba, 'MEMBER')
UNION ALL SELECT 'may create in the schema ' || nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%%' AND has_schema_privilege(oid, 'CREATE')
UNION ALL SELECT 'may create schemas' WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL SELECT 'may create temporary tables' WHERE has_database_privilege(current_database(), 'TEMP')
UNION ALL SELECT 'owns ' || relname FROM relation, me WHERE pg_has_role(me.oid, relowner, 'MEMBER')
UNION ALL SELECT 'may write ' || relname FROM relation
    WHERE relkind <> 'S' AND (has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(oid, 'INSERT, UPDATE, REFERENCES'))
UNION ALL SELECT 'may advance ' || relname FROM relation
    WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(oid, 'USAGE, UPDATE') ELSE false END
UNION ALL SELECT 'may call ' || p.oid::regprocedure || ' with its owner''s rights' FROM pg_proc p
    WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace AND has_function_privilege(p.oid, 'EXECUTE')
        AND p.prorettype <> 'trigger'::regtype
UNION ALL SELECT 'may read ' || r.relname || '.' || a.attname FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE r.relkind <> 'S' AND has_column_privilege(r.oid, a.attnum, 'SELECT')
      AND NOT (r.relname || '.' || a.attname) = ANY (%s::text[])
"""


def excess_rights(reader: psycopg.Connection[Any]) -> list[str]:
    """Return what the logged-in role could do beyond reading `readable()`, in words; empty when it is safe."""
    allowed = [f"{table}.{column}" for table, columns in readable().items() for column in columns]
    return [str(row[0]) for row in reader.execute(_EXCESS, [allowed]).fetchall()]
