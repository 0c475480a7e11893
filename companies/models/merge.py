"""Which company was merged into which, by whom and why, and what that changed beside the ledger."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.fields import json_object, json_shapes
from biotech_ma.core.models import TimestampedModel
from companies.models.company import Company

STANDS = models.Q(undone_at__isnull=True)


class CompanyMerge(TimestampedModel):
    """A duplicate that was merged into the company that was kept, until that is undone. The row stays either way."""

    kept = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="merges",
        db_index=False,
        help_text="The company that was kept.",
        db_comment="The company that was kept.",
    )
    duplicate = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="merged_by",
        db_index=False,
        help_text="The company that was merged into it.",
        db_comment="The company that was merged into it.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who did it.",
        db_comment="Who did it. NULL = the user is gone, or a program did it: the history names it.",
    )
    reason = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Why they are one company.",
        db_comment="As given.",
    )
    changes = json_object(
        help_text="What it changed beside the ledger, so that undoing it takes exactly that back.",
        db_comment="fields, candidates, twins, aliases, watchlists: values before and after, ids of rows.",
    )
    undone_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was undone.", db_comment="When it was undone. NULL = it stands."
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who undid it.",
        db_comment="Who undid it. NULL = nobody, or as for the merge.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "company_merges"
        db_table_comment = "Duplicates that were merged into other companies, undone ones included."
        verbose_name = "merge of two companies"
        verbose_name_plural = "merges of companies"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["duplicate"],
                condition=STANDS,
                name="company_merges_standing_uniq",
                violation_error_message="This company is merged already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(duplicate=models.F("kept")),
                name="company_merges_two",
                violation_error_message="A company cannot be merged with itself.",
            ),
            *json_shapes("company_merges", objects=("changes",)),
        ]
        indexes = [
            # what was merged into a company; serves the foreign key
            models.Index(fields=["kept", "-id"], name="company_merges_kept_idx"),
            # the merges of a duplicate, undone ones too; serves the foreign key
            models.Index(fields=["duplicate", "-id"], name="company_merges_duplicate_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate} into {self.kept}"
