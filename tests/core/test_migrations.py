"""The migrations match the models, and every app can be taken down and put up again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections

SCRATCH = "scratch"
# App -> the apps that go down with it, for they stand on it.
APPS = {
    "delivery": {"delivery"},
    "scoring": {"delivery", "scoring"},
    "signals_app": {"delivery", "signals_app"},
    "companies": {"delivery", "scoring", "signals_app", "companies"},
    "core": {"delivery", "scoring", "signals_app", "companies", "core"},
}

# Tables with columns, defaults and comments; constraints; indexes; triggers.
SCHEMA = """
SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT format('%s %s', tgname, md5(pg_get_triggerdef(oid))) FROM pg_trigger WHERE NOT tgisinternal
"""


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.fixture(scope="module")
def scratch(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A migrated database of its own under the alias `scratch`."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_scratch"
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        connections.databases[SCRATCH] = {**connection.settings_dict, "NAME": name}
        try:
            migrate()
            yield name
        finally:
            connections[SCRATCH].close()
            del connections[SCRATCH]
            del connections.databases[SCRATCH]
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            connection.close()


def migrate(*target: str) -> None:
    call_command("migrate", *target, database=SCRATCH, verbosity=0, interactive=False)


def schema() -> set[str]:
    with connections[SCRATCH].cursor() as cursor:
        cursor.execute(SCHEMA)
        return {line for (line,) in cursor.fetchall()}


def tables(app: str) -> set[str]:
    return {model._meta.db_table for model in apps.get_app_config(app).get_models()}


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize("app", APPS)
def test_migrate_to_zero_and_back_gives_the_same_schema(django_db_blocker, app):
    with django_db_blocker.unblock():
        before = schema()
        migrate(app, "zero")
        left = set(connections[SCRATCH].introspection.table_names())
        triggers = {line for line in schema() if line.startswith("pgtrigger")}
        migrate()
        after = schema()
    for name in APPS:
        assert left.isdisjoint(tables(name)) if name in APPS[app] else tables(name) <= left
    assert bool(triggers) == (app not in ("companies", "core"))
    assert after == before
