"""What analysts write about a company."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, tracked
from companies.models.company import Company
from companies.querysets import CompanyNoteQuerySet


@tracked()
class CompanyNote(SoftDeleteModel):
    """A note on a company, by an analyst. Changes stay in its history; it is archived, not deleted."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="notes",
        db_index=False,
        help_text="Whom it is about.",
        db_comment="Whom it is about.",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who wrote it.",
        db_comment="Who wrote it. NULL = the user is gone, or a program wrote it.",
    )
    text = models.TextField(
        max_length=20_000, help_text="What you learned, and from whom.", db_comment="Plain text, lines as typed."
    )

    objects = LiveManager.from_queryset(CompanyNoteQuerySet)()
    all_objects = CompanyNoteQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "company_notes"
        db_table_comment = "What analysts write about companies."
        verbose_name = "note"
        ordering = ["-id"]
        base_manager_name = "all_objects"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(text__regex=r"^\s*$"),
                name="company_notes_text_not_blank",
                violation_error_message="A note needs a text.",
            ),
        ]
        indexes = [
            # a company's notes, newest first; its prefix serves the foreign key
            models.Index(fields=["company", "-id"], name="company_notes_company_idx"),
            # archived rows: the admin's archive filter, restoring
            models.Index(fields=["deleted_at"], name="company_notes_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        first = self.text.strip().partition("\n")[0]
        return first if len(first) <= 80 else f"{first[:79]}…"  # noqa: PLR2004 - a line
