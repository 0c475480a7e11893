"""Two companies of which an analyst has said that they are not the same, however alike they look."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.models import TimestampedModel, tracked
from companies.models.company import Company


@tracked()
class CompanyDistinction(TimestampedModel):
    """Two companies that seem to be one and are not. They are not proposed as possible duplicates while this stands."""

    one = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="+",
        db_index=False,
        help_text="The one that was added first.",
        db_comment="The one of the two with the lower id.",
    )
    other = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="+",
        db_index=False,
        help_text="The other one.",
        db_comment="The one of the two with the higher id.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who said so.",
        db_comment="Who said so. NULL = the user is gone, or a program did: the history names it.",
    )
    reason = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Why they are two.",
        db_comment="As given. Empty = none was.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "company_distinctions"
        db_table_comment = "Pairs of companies that seem to be one and are not, as analysts said."
        verbose_name = "pair told apart"
        verbose_name_plural = "pairs told apart"
        ordering = ["-id"]
        constraints = [
            # its prefix serves the first foreign key
            models.UniqueConstraint(
                fields=["one", "other"],
                name="company_distinctions_uniq",
                violation_error_message="These two are told apart already.",
            ),
            models.CheckConstraint(
                condition=models.Q(one__lt=models.F("other")),
                name="company_distinctions_ordered",
                violation_error_message="A pair is of two companies, the one with the lower id first.",
            ),
        ]
        indexes = [
            # serves the second foreign key
            models.Index(fields=["other"], name="company_distinctions_other_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"
