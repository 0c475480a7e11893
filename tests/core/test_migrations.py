"""The migrations match the models, and every app can be taken down and put up again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests import migrated

# Every table's name, with one line: columns, defaults and comments; constraints; indexes; triggers.
SCHEMA = """
SELECT c.relname::text, format('%s %s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                               pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
UNION ALL SELECT coalesce(r.relname, '')::text, format('%s %s', conname, pg_get_constraintdef(o.oid))
FROM pg_constraint AS o LEFT JOIN pg_class AS r ON r.oid = o.conrelid
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT tablename::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT r.relname::text, format('%s %s', tgname, md5(pg_get_triggerdef(t.oid)))
FROM pg_trigger AS t JOIN pg_class AS r ON r.oid = t.tgrelid WHERE NOT tgisinternal
"""
# App after app, and which apps are away then: those that stand on it go with it. Up again one by one, so that each is
# made beside the last state of those that are there, in both orders of the two that do not stand on each other.
STEPS = (
    ("delivery", "zero", {"delivery"}),
    ("scoring", "zero", {"delivery", "scoring"}),
    ("scoring", "", {"delivery"}),
    ("signals_app", "zero", {"delivery", "signals_app"}),
    ("scoring", "zero", {"delivery", "scoring", "signals_app"}),
    ("companies", "zero", {"delivery", "scoring", "signals_app", "companies"}),
    ("core", "zero", {"delivery", "scoring", "signals_app", "companies", "core"}),
    ("core", "", {"delivery", "scoring", "signals_app", "companies"}),
    ("companies", "", {"delivery", "scoring", "signals_app"}),
    ("scoring", "", {"delivery", "signals_app"}),
    ("signals_app", "", {"delivery"}),
    ("delivery", "", set()),
)


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.fixture(scope="module")
def scratch(django_db_setup, django_db_blocker) -> Iterator[Any]:
    """A connection to a migrated database of its own."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_scratch"
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated.database()}"')
        try:
            with migrated.alias(name) as there:
                yield there
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            connection.close()


def migrate(*target: str) -> None:
    call_command("migrate", *target, database=migrated.ALIAS, verbosity=0, interactive=False)


def schema(scratch: Any) -> set[tuple[str, str]]:
    with scratch.cursor() as cursor:
        cursor.execute(SCHEMA)
        return set(cursor.fetchall())


def tables(app: str) -> set[str]:
    models = apps.get_app_config(app).get_models(include_auto_created=True)
    return {model._meta.db_table for model in models if model._meta.concrete_model._meta.app_label == app}


def of_core(table: str, line: str) -> bool:
    """Return whether core has put this to a table of the framework: the history of users, the order of changes."""
    return (table.startswith("auth_") and "pgtrigger_" in line) or (table == "pghistory_context" and "changes_" in line)


def test_every_app_goes_down_without_a_trace_and_comes_up_the_same(scratch, django_db_blocker):
    with django_db_blocker.unblock():
        before = schema(scratch)
        for app, target, away in STEPS:
            migrate(app, *filter(None, [target]))
            gone = {table for name in away for table in tables(name)}
            assert {name for name in away if tables(name)} == away
            assert gone.isdisjoint(scratch.introspection.table_names()), (app, target)
            left = {line for line in before if line[0] not in gone and not ("core" in away and of_core(*line))}
            assert schema(scratch) == left, (app, target)
