"""Which columns each user has chosen for which list of the admin, and in what order."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

MOST_COLUMNS = 100


class ListColumns(models.Model):
    """One user's columns of one list; without a row the list shows its own."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="list_columns",
        db_index=False,
        db_comment="Whose choice it is.",
    )
    table = models.CharField(max_length=100, db_comment="The list: companies.company, …")
    columns = ArrayField(
        models.CharField(max_length=100),
        size=MOST_COLUMNS,
        db_comment="Names of the columns in their order. Those that the list does not know any more are passed over.",
    )

    class Meta:
        app_label = "core"
        db_table = "list_columns"
        db_table_comment = "Columns of the admin's lists, as each user wants them."
        constraints = [
            # the columns of a list; its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["user", "table"],
                name="list_columns_one_a_list",
                violation_error_message="There is a choice of columns for this list already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} of user {self.user_id}"


def chosen_columns(*, user_id: int, table: str) -> list[str] | None:
    """Return the names that the user has chosen for a list, in order; None where nothing is chosen."""
    return ListColumns.objects.filter(user_id=user_id, table=table).values_list("columns", flat=True).first()


def choose_columns(*, user_id: int, table: str, columns: Sequence[str]) -> None:
    """Keep the user's columns of a list; the later of two choices stands."""
    ListColumns.objects.update_or_create(user_id=user_id, table=table, defaults={"columns": list(columns)})


def forget_columns(*, user_id: int, table: str) -> None:
    """Let the list show its own columns again."""
    ListColumns.objects.filter(user_id=user_id, table=table).delete()
