"""What keys and SQL have changed, found by time: rare among what people and programs do."""

from __future__ import annotations

from django.db import migrations

# One that was broken off stands there, invalid: it goes first.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS {name}"
BY = "CREATE INDEX CONCURRENTLY {name} ON pghistory_context (created_at DESC, id DESC) WHERE metadata ? '{key}'"


def _index(name: str, key: str) -> list[migrations.RunSQL]:
    drop = DROP.format(name=name)
    return [migrations.RunSQL(drop, drop), migrations.RunSQL(BY.format(name=name, key=key), drop)]


class Migration(migrations.Migration):
    # The history goes on being written to while they are built.
    atomic = False

    dependencies = [("core", "0020_widths_of_columns")]

    operations = [*_index("changes_key_idx", "client"), *_index("changes_session_idx", "session")]
