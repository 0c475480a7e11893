"""Which session of the database wrote a change: all that is known of one made by SQL, beside the program's own."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models.expressions import Func


class WritingSession(Func):
    """The login and the program of the session, as `anna via psql`."""

    template = "concat_ws(' via ', session_user::text, nullif(current_setting('application_name', true), ''))"
    output_field = models.TextField()


class AttachedContext(Func):
    """The context under which the history records changes at present, written down with it; NULL outside of one."""

    template = "_pgh_attach_context()"
    output_field = models.UUIDField()


def session_field(**options: Any) -> models.Field[Any, Any]:
    """Return the column of a history table."""
    return models.TextField(
        null=True,
        db_default=WritingSession(),
        db_comment="Login and program of the session that wrote it. NULL = before this was recorded.",
        **options,
    )


class AddSession(migrations.AddField):
    """Add the column to a history table, and leave the changes that stand there without one: nobody knows theirs."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name=model_name, name="pgh_session", field=session_field())

    def deconstruct(self) -> Any:
        """Return how to make it again."""
        return self.__class__.__qualname__, [], {"model_name": self.model_name}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add it empty, then set what later changes get."""
        model = to_state.apps.get_model(app_label, self.model_name)
        table, field = schema_editor.quote_name(model._meta.db_table), model._meta.get_field("pgh_session")
        schema_editor.execute(f"ALTER TABLE {table} ADD COLUMN pgh_session text")
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN pgh_session SET DEFAULT {WritingSession.template}")
        comment = schema_editor.quote_value(field.db_comment)
        schema_editor.execute(f"COMMENT ON COLUMN {table}.pgh_session IS {comment}")
