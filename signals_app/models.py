"""The ledger: signals and financial facts, append-only, each with the moment from which the public could know it."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.fields import json_object, json_shapes, one_of, within
from biotech_ma.core.models import COUNT_CHANGE, AppendOnlyModel
from companies.models import Company
from signals_app.catalogue import CATALOGUE, Severity, SignalType
from signals_app.concepts import RESEARCH, concept_name
from signals_app.entry_models import LedgerEntry
from signals_app.import_models import SheetImport, SheetImportRow
from signals_app.offers import IS_DEAL
from signals_app.querysets import FinancialFactQuerySet, SignalQuerySet
from signals_app.review_models import IngestRun, ReviewItem
from signals_app.source_models import IngestCursor, RawPayload
from signals_app.title_words import TitleWords

__all__ = [
    "FinancialFact", "IngestCursor", "IngestRun", "LedgerEntry", "RawPayload", "ReviewItem", "SheetImport",
    "SheetImportRow", "Signal",
]  # fmt: skip

NOT_SELF = ~models.Q(supersedes=models.F("id"))


class Signal(AppendOnlyModel):
    """Something that happened to a company. Never changed: a correction is a new row that supersedes this one."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="signals",
        db_index=False,
        help_text="Whom it concerns.",
        db_comment="Whom it concerns.",
    )
    signal_type = models.CharField(
        "type",
        max_length=32,
        choices=SignalType,
        help_text="A type of the catalogue.",
        db_comment="A type of the catalogue.",
    )
    event_date = models.DateTimeField(help_text="When it happened, with its time zone.", db_comment="When it happened.")
    available_at = models.DateTimeField(
        db_default=Now(),
        help_text="When the public could know: acceptance of the filing, posting of the record. Empty means now.",
        db_comment="When the public could know. Scores of a day use only what was available by its end in New York.",
    )
    supersedes = models.ForeignKey(
        "self",
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="superseded_by",
        db_index=False,
        help_text="The older row that this one corrects; hidden from this row's availability on.",
        db_comment="The row that this one corrects. NULL = corrects nothing.",
    )
    severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.LOW,
        db_default=Severity.LOW,
        help_text="Low, medium, high or critical.",
        db_comment="low, medium, high or critical.",
    )
    confidence = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=1,
        db_default=1,
        help_text="How sure the source is, 0 to 1.",
        db_comment="0-1.",
    )
    title = models.CharField(max_length=500, help_text="One line that stands alone.", db_comment="One line.")
    description = models.TextField(
        null=True,
        blank=True,
        max_length=20_000,
        help_text="What it means, in the desk's words.",
        db_comment="NULL = none.",
    )
    source = models.CharField(
        max_length=64,
        default="analyst",
        db_default="analyst",
        help_text="Where it comes from: edgar, clinicaltrials, drugsfda, analyst, …",
        db_comment="Source identifier.",
    )
    source_id = models.CharField(
        "source ID",
        max_length=255,
        null=True,
        blank=True,
        help_text="The source's own identifier with its version: a new version is a new row.",
        db_comment="Identifier and version within the source. NULL = the source has none.",
    )
    source_url = models.URLField(
        "source URL", max_length=1000, null=True, blank=True, help_text="Where to read it.", db_comment="NULL = none."
    )
    signal_data = json_object(help_text="Particulars of the type.", db_comment="Particulars of the type.")
    ma_impact_score = models.DecimalField(
        "impact",
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text="Effect on the takeover likelihood, −10 to +10.",
        db_comment="-10 to +10.",
    )

    objects = models.Manager.from_queryset(SignalQuerySet)()

    class Meta(AppendOnlyModel.Meta):
        db_table = "signals"
        triggers = [*AppendOnlyModel.Meta.triggers, COUNT_CHANGE]
        db_table_comment = "The ledger of events, append-only."
        ordering = ["-event_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"],
                name="signals_source_uniq",
                violation_error_message="This source has already delivered a signal with this source id.",
            ),
            models.UniqueConstraint(
                fields=["supersedes"],
                name="signals_supersedes_uniq",
                violation_error_message="That signal has been superseded already; correct the newer one.",
            ),
            models.CheckConstraint(
                condition=NOT_SELF | models.Q(supersedes__isnull=True),
                name="signals_supersedes_other",
                violation_error_message="A signal cannot supersede itself.",
            ),
            one_of("signal_type", SignalType, name="signals_type_known"),
            *json_shapes("signals", objects=("signal_data",)),
            one_of("severity", Severity, name="signals_severity_known"),
            within("confidence", 0, 1, name="signals_confidence_range", message="Confidence lies between 0 and 1."),
            within("ma_impact_score", -10, 10, name="signals_impact_range", message="Impact lies between −10 and +10."),
            models.CheckConstraint(
                condition=~models.Q(title__regex=r"^\s*$"),
                name="signals_title_not_blank",
                violation_error_message="A signal needs a title.",
            ),
        ]
        indexes = [
            # a company's signals, newest first; its prefix serves the foreign key
            models.Index(fields=["company", "-event_date", "-id"], name="signals_company_date_idx"),
            # a company's signals of a type
            models.Index(fields=["company", "signal_type", "-event_date"], name="signals_company_type_idx"),
            # recent signals across companies
            models.Index(fields=["-event_date", "-id"], name="signals_date_idx"),
            # recent signals of a type, and of severities within it, which are told apart without reading the rows
            models.Index(
                fields=["signal_type", "-event_date", "-id", "severity"], name="signals_type_date_severity_idx"
            ),
            # recent signals of a severity
            models.Index(fields=["severity", "-event_date", "-id"], name="signals_severity_date_idx"),
            # what has become known since
            models.Index(fields=["-available_at"], name="signals_available_idx"),
            # containment in the particulars
            GinIndex(fields=["signal_data"], opclasses=["jsonb_path_ops"], name="signals_data_gin"),
            # words of a title
            GinIndex(TitleWords("title"), name="signals_title_gin"),
            # announced and rumoured deals, newest first
            models.Index(fields=["-event_date", "-id"], condition=models.Q(IS_DEAL), name="signals_deals_idx"),
            # deals with a day still to come among their terms: few of the announced ones
            models.Index(
                fields=["-event_date"],
                condition=models.Q(signal_data__has_any_keys=["expected_close", "outside_date"]),
                name="signals_deal_days_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Check what the catalogue knows."""
        if self.signal_type and self.signal_type not in CATALOGUE:
            raise ValidationError({"signal_type": f"{self.signal_type} is not in the catalogue."})


class FinancialFact(AppendOnlyModel):
    """One reported figure of one period, as one filing states it. Restatements stand beside the original."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="financial_facts",
        db_index=False,
        help_text="Whose figure it is.",
        db_comment="Whose figure it is.",
    )
    signal = models.ForeignKey(
        Signal,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="financial_facts",
        db_index=False,
        help_text="The financial snapshot of the filing.",
        db_comment="financial_snapshot of the filing. NULL = curated.",
    )
    concept = models.CharField(
        max_length=64, help_text="cash, research_and_development, …", db_comment="Name of the figure."
    )
    period_start = models.DateField(
        null=True,
        blank=True,
        help_text="First day of the period; empty for a balance.",
        db_comment="First day. NULL = an instant.",
    )
    period_end = models.DateField(
        help_text="Last day of the period, or the day of the balance.",
        db_comment="Last day, or the day of the balance.",
    )
    value = models.DecimalField(
        max_digits=24, decimal_places=4, help_text="As reported, in the unit beside it.", db_comment="In `unit`."
    )
    unit = models.CharField(
        max_length=16,
        null=True,
        blank=True,
        help_text="USD, shares, EUR, …",
        db_comment="Currency code, shares, … NULL = the source does not say.",
    )
    form = models.CharField(
        max_length=32,
        null=True,
        blank=True,
        help_text="10-Q, 10-K, 20-F, curated.",
        db_comment='Form type; "curated" outranks every reported value.',
    )
    accession = models.CharField(
        max_length=32, null=True, blank=True, help_text="SEC accession number.", db_comment="NULL = not from a filing."
    )
    available_at = models.DateTimeField(
        db_default=Now(), help_text="When the public could know.", db_comment="When the public could know."
    )
    source = models.CharField(
        max_length=64,
        default="analyst",
        db_default="analyst",
        help_text="Where it comes from.",
        db_comment="Source identifier; the starter data set ranks lowest.",
    )

    objects = models.Manager.from_queryset(FinancialFactQuerySet)()

    class Meta(AppendOnlyModel.Meta):
        db_table = "financial_facts"
        db_table_comment = "Figures as reported, append-only."
        verbose_name = "reported figure"
        ordering = ["-period_end", "concept", "-available_at", "-id"]
        constraints = [
            # its prefix serves the foreign key and a company's facts by concept
            # the starter data's copy of a figure does not stand in the way of the source's own, which outranks it
            models.UniqueConstraint(
                "company",
                "concept",
                "period_start",
                "period_end",
                "accession",
                "value",
                "available_at",
                models.ExpressionWrapper(models.Q(source="starter"), output_field=models.BooleanField()),
                nulls_distinct=False,
                name="financial_facts_uniq",
                violation_error_message="This filing's figure is there already.",
            ),
            models.CheckConstraint(
                condition=models.Q(period_start__lte=models.F("period_end")) | models.Q(period_start__isnull=True),
                name="financial_facts_period_ordered",
                violation_error_message="A period ends after it starts.",
            ),
            models.CheckConstraint(
                condition=~models.Q(concept__regex=r"^\s*$"),
                name="financial_facts_concept_not_blank",
                violation_error_message="A fact needs a concept.",
            ),
        ]
        indexes = [
            # the facts behind a snapshot; serves the foreign key
            models.Index(fields=["signal"], name="financial_facts_signal_idx"),
            # how many have filed of late: of one concept, without reading the rows
            models.Index(
                fields=["period_end", "company", "available_at"],
                condition=models.Q(concept=RESEARCH),
                name="financial_facts_research_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{concept_name(self.concept)} {self.period_end}"
