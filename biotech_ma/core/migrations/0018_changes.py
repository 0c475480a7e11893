"""Changes over all tables: what SQL writes outside of any action gets a context of its own, found by time and person."""

from __future__ import annotations

from django.db import migrations

# As the library has it, but for two things: no exception block, which is a subtransaction each, and a context for what
# is written outside of any, one a transaction. A savepoint that is rolled back takes both the row and the setting back.
ATTACH = """
CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS pghistory_context.id%TYPE LANGUAGE plpgsql AS $$
DECLARE
    told uuid := nullif(current_setting('pghistory.context_id', true), '')::uuid;
    about jsonb := nullif(current_setting('pghistory.context_metadata', true), '')::jsonb;
BEGIN
    IF told IS NULL OR about IS NULL THEN
        told := nullif(current_setting('pghistory.bare_context', true), '')::uuid;
        IF told IS NOT NULL THEN
            RETURN told;
        END IF;
        told := gen_random_uuid();
        about := jsonb_build_object(
            'session', concat_ws(' via ', session_user::text, nullif(current_setting('application_name', true), '')));
        PERFORM set_config('pghistory.bare_context', told::text, true);
    END IF;
    INSERT INTO pghistory_context (id, metadata, created_at, updated_at) VALUES (told, about, now(), now())
    ON CONFLICT (id) DO UPDATE SET metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at
    WHERE pghistory_context.metadata != EXCLUDED.metadata;
    RETURN told;
END
$$
"""
LATEST = "CREATE INDEX changes_latest_idx ON pghistory_context (created_at DESC, id DESC)"
BY_PERSON = """
CREATE INDEX changes_person_idx ON pghistory_context ((metadata ->> 'user'), created_at DESC) WHERE metadata ? 'user'
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0017_sign_ins"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [
        migrations.RunSQL(ATTACH, migrations.RunSQL.noop),
        migrations.RunSQL(LATEST, "DROP INDEX changes_latest_idx"),
        migrations.RunSQL(BY_PERSON, "DROP INDEX changes_person_idx"),
        migrations.CreateModel(
            name="Change",
            fields=[],
            options={
                "verbose_name": "change",
                "ordering": ["-created_at", "-id"],
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("pghistory.context",),
        ),
    ]
