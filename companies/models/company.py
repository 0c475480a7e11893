"""Drug makers: targets, acquirers and those kept out of the ranking."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.expressions import Value
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property

from biotech_ma.core.fields import (
    json_array,
    json_object,
    json_shapes,
    list_of,
    money_usd,
    one_of,
    within,
)
from biotech_ma.core.models import COUNT_CHANGE, LIVE, LiveManager, SoftDeleteModel, tracked
from companies.choices import Role, TherapeuticArea
from companies.name_keys import NameKey
from companies.querysets import CompanyQuerySet
from companies.score_inputs import COMPANY_REASON_FIELDS, COMPANY_SCORE_FIELDS


@tracked(exclude=["search_vector", "name_key", "last_data_refresh"])
class Company(SoftDeleteModel):
    """A drug maker: a target, an acquirer, or one kept out of the ranking. One live row per SEC CIK."""

    score_fields, reason_fields = COMPANY_SCORE_FIELDS, COMPANY_REASON_FIELDS

    ticker = models.CharField(
        max_length=16,
        null=True,
        blank=True,
        help_text="Exchange symbol in capitals. Empty for an unlisted company.",
        db_comment="Upper case. NULL = not listed. Unique among live companies only: tickers change hands.",
    )
    cik = models.CharField(
        "SEC CIK",
        max_length=10,
        null=True,
        blank=True,
        help_text="Ten digits, zero-padded, as EDGAR writes it. The company's identity: tickers change hands.",
        db_comment="Ten digits. NULL = not an SEC registrant, or not known yet.",
    )
    name = models.CharField(max_length=255, help_text="Legal or trading name.", db_comment="Legal or trading name.")
    role = models.CharField(
        max_length=16,
        choices=Role,
        default=Role.TARGET,
        db_default=Role.TARGET,
        help_text="Only targets are ranked. Large caps, contract researchers, suppliers and royalty holders are not.",
        db_comment="target, acquirer or excluded. Only targets are ranked.",
    )
    market_cap_usd = money_usd(
        "market cap, USD", help_text="Equity value in dollars, over all share classes. Empty when unknown."
    )
    market_cap_as_of = models.DateField(
        "market cap as of",
        null=True,
        blank=True,
        help_text="The day of the price (or of the public float) behind the market cap.",
        db_comment="Day of the price behind market_cap_usd. NULL = unknown.",
    )
    cash_position_usd = money_usd(
        "liquid funds, USD",
        help_text="Cash, equivalents and marketable securities of the latest filing, in dollars.",
        db_comment="USD, not thousands: liquid funds. NULL = unknown or incomplete.",
    )
    quarterly_burn_rate_usd = money_usd(
        "burn, USD a quarter",
        help_text="A quarter of the trailing-twelve-month operating outflow. Negative for a company that earns cash.",
        db_comment="USD a quarter; negative = operating cash comes in. NULL = unknown.",
    )
    total_debt_usd = money_usd(
        "total debt, USD",
        help_text="Borrowings, convertible notes and royalty liabilities. Empty is unknown, not zero.",
        db_comment="USD. NULL = unknown, which is not zero.",
    )
    runway_quarters = models.DecimalField(
        "runway, quarters",
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Liquid funds over quarterly burn. Empty when unknown or when nothing is burnt.",
        db_comment="Quarters. NULL = unknown, or the company burns nothing.",
    )
    enterprise_value_usd = money_usd(
        "enterprise value, USD", help_text="Market cap plus debt minus liquid funds; empty if one is unknown."
    )
    therapeutic_areas = json_array(
        help_text="The areas of the company's own programmes.",
        db_comment="Array of area identifiers: oncology, immunology, …",
    )
    founded_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Year of foundation.", db_comment="Year. NULL = unknown."
    )
    employee_count = models.PositiveIntegerField(
        "employees",
        null=True,
        blank=True,
        help_text="Full-time employees by the latest annual report.",
        db_comment="Head count. NULL = unknown.",
    )
    headquarters_location = models.CharField(
        "headquarters",
        max_length=255,
        null=True,
        blank=True,
        help_text="City and state or country.",
        db_comment="City and state or country. NULL = unknown.",
    )
    is_public = models.BooleanField(
        "listed",
        default=True,
        db_default=True,
        help_text="Whether its shares are listed.",
        db_comment="True = listed.",
    )
    is_cash_constrained = models.BooleanField(
        "cash-constrained",
        null=True,
        blank=True,
        help_text="Runway under four quarters. Unknown when the runway is.",
        db_comment="True = runway under 4 quarters. NULL = unknown.",
    )
    # Companies are archived, not deleted; should one be all the same, the database asks for its duplicates first.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The company as which this duplicate is read.",
        db_comment="The company as which this duplicate is read; itself no duplicate. NULL = it stands for itself.",
    )
    under_offer_since = models.DateField(
        null=True,
        blank=True,
        editable=False,
        help_text="Day on which a takeover of the company was announced that stands. Such a company is not ranked.",
        db_comment="Day of the announced takeover, from the ledger's signals. NULL = not under offer.",
    )
    history_starts = models.DateField(
        null=True,
        blank=True,
        help_text="Facts before this day are left out: before a reverse merger they are the shell's.",
        db_comment="Facts with an earlier period end are ignored. NULL = all count.",
    )
    tags = json_array(help_text="The desk's own words for it, one a line.", db_comment="Array of the desk's own words.")
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")
    field_sources = json_object(
        editable=False,
        help_text="Where each field came from: source, identifier and day.",
        db_comment='Field name -> {"source", "id", "as_of"}; source "curated" outranks every other.',
    )
    last_data_refresh = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the figures were last derived from the ledger.",
        db_comment="When figures were last derived. NULL = never.",
    )
    search_vector = models.GeneratedField(
        expression=SearchVector(Coalesce("name", Value("")), Coalesce("ticker", Value("")), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
        # No index: the search also looks for parts of words, which reads every company anyway.
        db_comment="Words of name and ticker, for full-text search.",
    )

    name_key = models.GeneratedField(
        expression=NameKey("name"),
        output_field=models.TextField(),
        db_persist=True,
        editable=False,
        db_comment="The name as it is compared: legal forms dropped, abbreviations written out, words in order.",
    )

    objects = LiveManager.from_queryset(CompanyQuerySet)()
    all_objects = CompanyQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "companies"
        triggers = [*SoftDeleteModel.Meta.triggers, COUNT_CHANGE]
        db_table_comment = "Drug makers: targets, acquirers and those kept out of the ranking."
        verbose_name_plural = "companies"
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                fields=["ticker"],
                condition=LIVE,
                name="companies_live_ticker_uniq",
                violation_error_message="A live company already has this ticker.",
            ),
            models.UniqueConstraint(
                fields=["cik"],
                condition=LIVE,
                name="companies_live_cik_uniq",
                violation_error_message="A live company already has this CIK.",
            ),
            models.CheckConstraint(
                condition=models.Q(ticker__regex=r"^[A-Z0-9][A-Z0-9.\-]{0,15}$") | models.Q(ticker__isnull=True),
                name="companies_ticker_form",
                violation_error_message="A ticker is up to 16 capitals, digits, dots and hyphens.",
            ),
            models.CheckConstraint(
                condition=models.Q(cik__regex=r"^[0-9]{10}$") | models.Q(cik__isnull=True),
                name="companies_cik_form",
                violation_error_message="A CIK is ten digits, zero-padded.",
            ),
            models.CheckConstraint(
                condition=~models.Q(name__regex=r"^\s*$"),
                name="companies_name_not_blank",
                violation_error_message="A company needs a name.",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~LIVE,
                name="companies_merged_archived",
                violation_error_message="It is merged into another company: undo the merge instead of restoring it.",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~models.Q(merged_into=models.F("id")),
                name="companies_merged_other",
                violation_error_message="A company cannot be merged into itself.",
            ),
            one_of("role", Role, name="companies_role_known"),
            list_of("therapeutic_areas", TherapeuticArea, name="companies_areas_known", noun="Therapeutic areas"),
            *json_shapes("companies", arrays=("tags",), objects=("metadata", "field_sources")),
            within(
                "market_cap_usd",
                0,
                None,
                name="companies_market_cap_not_negative",
                message="A market cap is not negative.",
            ),
            within(
                "cash_position_usd",
                0,
                None,
                name="companies_cash_not_negative",
                message="Liquid funds are not negative.",
            ),
            within("total_debt_usd", 0, None, name="companies_debt_not_negative", message="Debt is not negative."),
            within(
                "runway_quarters", 0, None, name="companies_runway_not_negative", message="A runway is not negative."
            ),
            within(
                "founded_year",
                1600,
                2200,
                name="companies_founded_year_range",
                message="The year of foundation lies between 1600 and 2200.",
            ),
        ]
        indexes = [
            # admin and API: list and filter by market cap, largest first
            models.Index(fields=["-market_cap_usd", "id"], name="companies_market_cap_idx", condition=LIVE),
            # cash-constrained list: shortest runway first
            models.Index(fields=["is_cash_constrained", "runway_quarters"], name="companies_cash_idx", condition=LIVE),
            # archived rows: the admin's archive filter, restoring
            models.Index(fields=["deleted_at"], name="companies_archived_idx", condition=~LIVE),
            # the duplicates that are read as a company; serves the foreign key
            models.Index(fields=["merged_into"], name="companies_merged_idx"),
            # companies that seem to be one: by the name as it is compared
            models.Index(fields=["name_key"], name="companies_name_key_idx", condition=LIVE),
            # by area, and area with market cap range
            GinIndex(fields=["therapeutic_areas"], opclasses=["jsonb_path_ops"], name="companies_areas_gin"),
            # by tag
            GinIndex(fields=["tags"], opclasses=["jsonb_path_ops"], name="companies_tags_gin"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.ticker})" if self.ticker else self.name

    @property
    def survivor(self) -> Company:
        """The company as which this one is read: itself, or the one that was kept when it was merged."""
        return self.merged_into or self

    @cached_property
    def same_ids(self) -> list[UUID]:
        """The ids under which the company's ledger rows stand: its own first, then its duplicates'. One query."""
        rows = Company.all_objects.filter(merged_into=self.pk).order_by("id")
        return [self.pk, *rows.values_list("pk", flat=True)]

    def clean(self) -> None:
        """Bring ticker and CIK into the form in which they are kept."""
        self.ticker = (self.ticker or "").strip().upper() or None
        cik = (self.cik or "").strip()
        self.cik = (cik.zfill(10) if cik.isdigit() else cik) or None
