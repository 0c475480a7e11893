"""Making all tables, and dropping them: what `db create-all`, `drop-all` and `reset` do."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from biotech_ma.core.postgres import login, reader

# What the product's migrations make besides tables; an extension's own are not ours.
_ROUTINES = """
SELECT p.oid::regprocedure::text, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND pg_has_role(current_user, p.proowner, 'MEMBER')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_TYPES = """
SELECT format('%I.%I', n.nspname, t.typname), CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname = 'public' AND t.typtype IN ('e', 'd', 'c') AND (c.oid IS NULL OR c.relkind = 'c')
  AND pg_has_role(current_user, t.typowner, 'MEMBER')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
"""


def create_all(connection: BaseDatabaseWrapper, progress: Any) -> int:
    """Apply every pending migration and set the reader's rights; return how many migrations were applied.

    `progress` takes Django's lines. The same as `manage.py migrate`, and safe to repeat.
    """
    recorder = MigrationRecorder(connection)
    before = len(recorder.applied_migrations())
    call_command("migrate", database=connection.alias, interactive=False, stdout=progress, stderr=progress)
    if login.is_embedded(connection):
        reader.refresh_grants(connection, login.reader_parameters(connection)["user"])
    return len(recorder.applied_migrations()) - before


def ours(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the tables of the installed apps that exist, with Django's record of migrations."""
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True, include_swapped=True)}
    known.add(MigrationRecorder.Migration._meta.db_table)
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
    return sorted(known.intersection(present))


def drop_all(connection: BaseDatabaseWrapper) -> list[str]:
    """Drop every table of the product and what its migrations made beside them, in one transaction; return the tables.

    A table that is not the product's stays, and so do then the functions and types, which it might use.
    """
    dropped = ours(connection)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if dropped:
            names = sql.SQL(", ").join(sql.Identifier("public", name) for name in dropped)
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(names))
        if not connection.introspection.table_names(cursor):
            _drop_rest(connection, cursor)
    return dropped


def _drop_rest(connection: BaseDatabaseWrapper, cursor: Any) -> None:
    for query in (_ROUTINES, _TYPES):
        cursor.execute(query)
        for name, kind in cursor.fetchall():
            try:
                with transaction.atomic(using=connection.alias):
                    # PostgreSQL has quoted the name itself; it comes from its catalog.
                    cursor.execute(sql.SQL("DROP {} IF EXISTS {}").format(sql.SQL(kind), sql.SQL(name)))
            except DatabaseError:
                # Something of somebody else's depends on it: not ours to break.
                continue
