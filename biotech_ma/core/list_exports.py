"""Who took which export of which list: the log, and the file where a worker made it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from biotech_ma.core.fields import UUIDv7

KEPT_DAYS = 7


class ListExport(models.Model):
    """One export of a list of the admin. Rows are added before the first byte leaves, and stay."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False, db_comment="UUID v7.")
    created_at = models.DateTimeField(
        auto_now_add=True, help_text="When it was asked for.", db_comment="When it was asked for."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        related_name="+",
        help_text="Who took it.",
        db_comment="NULL = the user is gone.",
    )
    model = models.CharField("list", max_length=100, help_text="Which list.", db_comment="app.model of the list.")
    query = models.TextField(
        "filters", blank=True, default="", help_text="The filters and the order.", db_comment="Query string."
    )
    columns = ArrayField(
        models.CharField(max_length=100),
        null=True,
        help_text="Which columns of the list were asked for; none: every column of the table.",
        db_comment="Names of the list's columns in their order. NULL = every column of the table.",
    )
    headings = ArrayField(
        models.CharField(max_length=200),
        default=list,
        db_default=[],
        help_text="The columns that went into the file.",
        db_comment="Headings of the file in their order. Empty = taken before they were kept, or not made yet.",
    )
    form = models.CharField(max_length=8, help_text="csv or xlsx.", db_comment="csv or xlsx.")
    row_count = models.IntegerField(
        "rows", null=True, help_text="How many rows.", db_comment="Rows. NULL = not made yet."
    )
    rows_left_out = models.IntegerField(
        "left out",
        default=0,
        db_default=0,
        help_text="Rows that the filters name and that are closed to who took it.",
        db_comment="Rows that were closed to the owner and are not in it.",
    )
    made_at = models.DateTimeField(
        null=True, help_text="When a worker made the file.", db_comment="NULL = made by no worker, or not yet."
    )
    state = models.CharField(
        max_length=16,
        default="taken",
        choices=[("taken", "Taken"), ("queued", "Being made"), ("ready", "Ready"), ("failed", "Failed")],
        help_text="Taken at once, or made by a worker.",
        db_comment="taken, queued, ready or failed.",
    )
    path = models.CharField(
        max_length=255,
        blank=True,
        default="",
        help_text="Where the file lies.",
        db_comment="Storage name. Empty = none.",
    )
    error = models.TextField(blank=True, default="", help_text="Why it failed.", db_comment="Empty = it did not.")

    class Meta:
        app_label = "core"
        db_table = "list_exports"
        db_table_comment = "Who took which export of which list of the admin."
        verbose_name = "export"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(form__in=["csv", "xlsx"]), name="list_exports_form_known"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.created_at:%Y-%m-%d %H:%M}"
