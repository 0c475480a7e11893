"""Which columns each user has chosen for which list of the admin, in what order and how wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction

from biotech_ma.core.fields import json_object

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
        db_comment="Names of the columns in their order; without any the list has its own. Those that the list does "
        "not know any more are passed over.",
    )
    widths = json_object(db_comment="Pixels by name of a column; a column without an entry is as wide as it comes.")

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


@dataclass(frozen=True)
class KeptList:
    """What a user has chosen of a list: its columns, none where the list shows its own, and their widths in pixels."""

    columns: list[str] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)


def kept_list(*, user_id: int, table: str) -> KeptList:
    """Return what the user has chosen of a list."""
    found = ListColumns.objects.filter(user_id=user_id, table=table).values_list("columns", "widths").first()
    return KeptList(*found) if found else KeptList()


def choose_columns(*, user_id: int, table: str, columns: Sequence[str]) -> None:
    """Keep the user's columns of a list; the later of two choices stands."""
    ListColumns.objects.update_or_create(user_id=user_id, table=table, defaults={"columns": list(columns)})


def forget_columns(*, user_id: int, table: str) -> None:
    """Let the list show its own columns again; their widths stay."""
    _rest(user_id, table, columns=[])


def keep_widths(*, user_id: int, table: str, widths: Mapping[str, int]) -> None:
    """Keep the widths of the user's columns, in pixels by name; none let the list have its own."""
    if not widths:
        _rest(user_id, table, widths={})
        return
    ListColumns.objects.update_or_create(
        user_id=user_id,
        table=table,
        defaults={"widths": dict(widths)},
        create_defaults={"columns": [], "widths": dict(widths)},
    )


@transaction.atomic
def _rest(user_id: int, table: str, **nothing: Any) -> None:
    """Take one of the two choices back; a row that then says nothing goes."""
    rows = ListColumns.objects.filter(user_id=user_id, table=table)
    rows.update(**nothing)
    rows.filter(columns=[], widths={}).delete()
