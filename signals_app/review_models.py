"""What waits for an analyst, and what each run of a source did."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, one_of
from biotech_ma.core.models import TimestampedModel, tracked
from companies.models import Company


class ReviewKind(models.TextChoices):
    """What an accepted proposal becomes."""

    SIGNAL = "signal", "Signal"
    ALIAS = "alias", "Alias"
    SPLIT = "split", "Likely split"
    VALUE = "value", "Value"


def noun_of(kind: str, number: int) -> str:
    """Return what so many proposals of a kind are called: 1 alias, 2 aliases."""
    noun = str(ReviewKind(kind).label).lower()
    return noun if number == 1 else f"{noun}{'es' if noun.endswith('s') else 's'}"


class ReviewStatus(models.TextChoices):
    """Where a proposal stands."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    SETTLED = "settled", "Settled"


# Fields that an accepted value may set: those that sources propose.
CANDIDATE_VALUES = (
    "phase", "therapeutic_area", "patent_expiry", "orphan_designation", "additional_data", "next_milestone",
    "next_milestone_date", "mechanism", "fast_track", "breakthrough_therapy", "market_potential_usd",
)  # fmt: skip
COMPANY_VALUES = (
    "name", "ticker", "cik", "headquarters_location", "market_cap_usd", "market_cap_as_of", "role", "is_public",
    "cash_position_usd", "quarterly_burn_rate_usd", "total_debt_usd", "therapeutic_areas", "founded_year",
    "employee_count",
)  # fmt: skip


class ReviewQuerySet(models.QuerySet["ReviewItem"]):
    """Questions about the queue."""

    def open(self) -> ReviewQuerySet:
        """Return what nobody has decided yet, oldest first."""
        return self.filter(status=ReviewStatus.OPEN).order_by("id")

    def of_kind(self, kind: str) -> ReviewQuerySet:
        """Return the proposals of one kind."""
        return self.filter(kind=kind)


@tracked()
class ReviewItem(TimestampedModel):
    """A proposal that a source is not sure of, with the words that suggest it. An analyst accepts or rejects it."""

    kind = models.CharField(
        max_length=16,
        choices=ReviewKind,
        help_text="What it becomes when accepted: a signal, an alias, a market cap, a field's value.",
        db_comment="signal, alias, split or value.",
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="review_items",
        db_index=False,
        help_text="Whom it concerns, where the source is sure of that.",
        db_comment="Whom it concerns. NULL = to be chosen when accepting.",
    )
    title = models.CharField(max_length=500, help_text="One line that stands alone.", db_comment="One line.")
    proposed = json_object(
        help_text="What accepting writes: the fields of the signal or alias.",
        db_comment="Fields of the row that accepting writes.",
    )
    evidence = models.TextField(
        blank=True,
        default="",
        db_default="",
        max_length=20_000,
        help_text="The sentence or figures that suggest it, as the source has them.",
        db_comment="The source's own words. Empty = none.",
    )
    source = models.CharField(max_length=64, help_text="Which source proposes it.", db_comment="Source identifier.")
    source_id = models.CharField(
        "source ID",
        max_length=255,
        help_text="The source's own identifier: the same proposal comes once.",
        db_comment="Identifier within source and kind.",
    )
    source_url = models.URLField(
        "source URL", max_length=1000, null=True, blank=True, help_text="Where to read it.", db_comment="NULL = none."
    )
    status = models.CharField(
        max_length=16,
        choices=ReviewStatus,
        default=ReviewStatus.OPEN,
        db_default=ReviewStatus.OPEN,
        help_text="Open until somebody decides, or what has come in since does (settled).",
        db_comment="open, accepted, rejected, or settled by what came in since.",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who decided.",
        db_comment="NULL = nobody yet, or by a program.",
    )
    decided_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was decided.", db_comment="NULL = not decided."
    )
    reason = models.TextField(
        blank=True,
        default="",
        db_default="",
        max_length=2000,
        help_text="Why it was decided so.",
        db_comment="Why it was decided so. Empty = not said.",
    )

    objects = models.Manager.from_queryset(ReviewQuerySet)()

    class Meta(TimestampedModel.Meta):
        db_table = "review_items"
        db_table_comment = "Proposals of the sources that wait for an analyst."
        verbose_name = "proposal"
        verbose_name_plural = "review queue"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "source_id"],
                name="review_items_source_uniq",
                violation_error_message="This source has proposed that already.",
            ),
            one_of("kind", ReviewKind, name="review_items_kind_known"),
            one_of("status", ReviewStatus, name="review_items_status_known"),
            *json_shapes("review_items", objects=("proposed",)),
            models.CheckConstraint(
                condition=models.Q(status=ReviewStatus.OPEN, decided_at__isnull=True)
                | (~models.Q(status=ReviewStatus.OPEN) & models.Q(decided_at__isnull=False)),
                name="review_items_decided_when_closed",
                violation_error_message="A decided proposal has the moment of the decision, an open one has none.",
            ),
        ]
        indexes = [
            # the queue: open proposals, oldest first
            models.Index(fields=["id"], name="review_items_open_idx", condition=models.Q(status=ReviewStatus.OPEN)),
            # a company's proposals; serves the foreign key
            models.Index(fields=["company"], name="review_items_company_idx"),
        ]

    def __str__(self) -> str:
        return self.title


class IngestRun(TimestampedModel):
    """One run of a source: what was asked, what became of the rows, how long it took."""

    source = models.CharField(max_length=64, help_text="The source's name.", db_comment="Source identifier.")
    paths = json_array(help_text="Names of what was read; empty for a live run.", db_comment="Array of names.")
    request = json_object(
        help_text="How it was asked: live or replayed, since when, for which companies, whether to keep the result.",
        db_comment="live, replay, dry_run: boolean; since: day; companies: array. Empty = from files, everything.",
    )
    started_at = models.DateTimeField(help_text="When it began.", db_comment="When it began.")
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ended.", db_comment="NULL = still running, or killed."
    )
    counts = json_object(
        help_text="Rows read, created, updated, unchanged, skipped, rejected.", db_comment="Name -> number of rows."
    )
    rejects = json_array(
        help_text="The rows that were not taken: file, line, reason.",
        db_comment="Array of {file, line, reason}; the first thousand.",
    )
    data_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The newest moment from which anything that was read was public.",
        db_comment="Newest availability among the rows read. NULL = nothing dated was read, or not measured.",
    )
    error = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Why nothing was written, in one line.",
        db_comment="Empty = the run went through.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "ingest_runs"
        db_table_comment = "The log of the sources' runs."
        verbose_name = "run of a source"
        verbose_name_plural = "runs of sources"
        ordering = ["-started_at", "-id"]
        constraints = [
            *json_shapes("ingest_runs", arrays=("paths", "rejects"), objects=("counts", "request")),
            models.CheckConstraint(
                condition=models.Q(finished_at__gte=models.F("started_at")) | models.Q(finished_at__isnull=True),
                name="ingest_runs_period_ordered",
                violation_error_message="A run ends after it starts.",
            ),
        ]
        indexes = [
            # a source's last run: the admin's list, readiness
            models.Index(fields=["source", "-started_at"], name="ingest_runs_source_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%Y-%m-%d %H:%M}"
