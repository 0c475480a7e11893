"""`uuidv7()` for servers before PostgreSQL 18, where it is not built in."""

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


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.pg_version < FIRST_WITH_BUILT_IN:  # type: ignore[attr-defined]
        schema_editor.execute(CREATE, params=None)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP FUNCTION IF EXISTS public.uuidv7()")


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunPython(create, drop)]
