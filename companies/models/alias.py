"""Other names and tickers that lead to a company."""

from __future__ import annotations

from django.db import models
from django.db.models.expressions import Func, Value
from django.db.models.functions import Upper

from biotech_ma.core.fields import (
    one_of,
)
from biotech_ma.core.models import TimestampedModel, tracked
from companies.choices import AliasKind
from companies.models.company import Company
from companies.name_keys import NameKey


@tracked(exclude=["normalized", "name_key"])
class CompanyAlias(TimestampedModel):
    """Another name or ticker that leads to a company, with the period in which it did."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="aliases",
        db_index=False,
        help_text="The company that the alias leads to.",
        db_comment="The company that the alias leads to.",
    )
    kind = models.CharField(
        max_length=16,
        choices=AliasKind,
        default=AliasKind.NAME,
        db_default=AliasKind.NAME,
        help_text="Other name, former name, ticker or merged company.",
        db_comment="What kind of alias it is.",
    )
    alias = models.CharField(
        max_length=255, help_text="As the source writes it.", db_comment="As the source writes it."
    )
    normalized = models.GeneratedField(
        expression=Upper(Func("alias", Value(r"[^A-Za-z0-9]+"), Value(""), Value("g"), function="regexp_replace")),
        output_field=models.CharField(max_length=255),
        db_persist=True,
        editable=False,
        db_comment="Letters and digits in capitals: what look-ups compare.",
    )
    name_key = models.GeneratedField(
        expression=NameKey("alias"),
        output_field=models.TextField(),
        db_persist=True,
        editable=False,
        db_comment="The alias as names are compared: legal forms dropped, abbreviations written out, words in order.",
    )
    valid_from = models.DateField(
        null=True, blank=True, help_text="First day on which it led here.", db_comment="First day. NULL = always."
    )
    valid_to = models.DateField(
        null=True, blank=True, help_text="Last day on which it led here.", db_comment="Last day. NULL = still."
    )
    source = models.CharField(
        max_length=64,
        default="curated",
        db_default="curated",
        help_text="Where the alias comes from.",
        db_comment="Source identifier.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "company_aliases"
        db_table_comment = "Names and tickers that lead to a company."
        verbose_name_plural = "company aliases"
        ordering = ["alias", "id"]
        constraints = [
            one_of("kind", AliasKind, name="company_aliases_kind_known"),
            models.UniqueConstraint(
                fields=["company", "kind", "alias", "valid_from"],
                nulls_distinct=False,
                name="company_aliases_uniq",
                violation_error_message="This alias is there already.",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("valid_from"))
                | models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True),
                name="company_aliases_period_ordered",
                violation_error_message="The last day comes after the first.",
            ),
        ]
        indexes = [
            # from a name or ticker in a source to the company
            models.Index(fields=["normalized", "kind"], name="company_aliases_lookup_idx"),
            # companies that seem to be one: by a name that they had or have
            models.Index(fields=["name_key"], name="company_aliases_name_key_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} ({self.get_kind_display()})"
