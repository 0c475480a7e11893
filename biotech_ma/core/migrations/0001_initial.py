"""Functions that every table uses: `uuidv7()` where the server has none, true stamps, the append-only ledger."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# RFC 9562, section 5.7: 48 bits of Unix milliseconds, version 7, 12 bits of sub-millisecond fraction (method 3),
# variant 10, the rest random.
CREATE = """
CREATE OR REPLACE FUNCTION public.uuidv7() RETURNS uuid LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
DECLARE
    micros bigint := floor(extract(epoch FROM clock_timestamp()) * 1000000);
    millis bigint := micros / 1000;
    fraction int := ((micros % 1000) * 4096 / 1000)::int;
    bytes bytea := uuid_send(gen_random_uuid());
BEGIN
    bytes := overlay(bytes PLACING substring(int8send(millis) FROM 3) FROM 1 FOR 6);
    bytes := set_byte(bytes, 6, 112 | (fraction >> 8));
    bytes := set_byte(bytes, 7, fraction & 255);
    RETURN encode(bytes, 'hex')::uuid;
END $$
"""
FIRST_WITH_BUILT_IN = 180000

TRIGGERS = """
CREATE OR REPLACE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = statement_timestamp();
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'append-only: % rows are never changed; insert a superseding row', TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RAISE EXCEPTION 'append-only: % rows are never deleted one by one', TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
"""
DROP_TRIGGERS = "DROP FUNCTION IF EXISTS public.touch_updated_at(), public.refuse_change()"


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.pg_version < FIRST_WITH_BUILT_IN:  # type: ignore[attr-defined]
        schema_editor.execute(CREATE, params=None)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP FUNCTION IF EXISTS public.uuidv7()")


def create_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(TRIGGERS, params=None)


def drop_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(DROP_TRIGGERS)


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunPython(create, drop),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
