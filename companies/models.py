"""Companies and their drug candidates: the present state, as analysts curate it."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.expressions import Func, Value
from django.db.models.functions import Coalesce, Upper

from biotech_ma.core.fields import (
    json_array,
    json_object,
    json_shapes,
    list_of,
    money_usd,
    one_of,
    score_0_100,
    within,
)
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from companies.choices import AliasKind, Phase, Role, TherapeuticArea
from companies.querysets import CompanyQuerySet, DrugCandidateQuerySet


@tracked(exclude=["search_vector", "last_data_refresh"])
class Company(SoftDeleteModel):
    """A drug maker: a target, an acquirer, or one kept out of the ranking. One live row per SEC CIK."""

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
    history_starts = models.DateField(
        null=True,
        blank=True,
        help_text="Facts before this day are left out: before a reverse merger they are the shell's.",
        db_comment="Facts with an earlier period end are ignored. NULL = all count.",
    )
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

    objects = LiveManager.from_queryset(CompanyQuerySet)()
    all_objects = CompanyQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "companies"
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
            one_of("role", Role, name="companies_role_known"),
            list_of("therapeutic_areas", TherapeuticArea, name="companies_areas_known", noun="Therapeutic areas"),
            *json_shapes("companies", objects=("metadata", "field_sources")),
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
            # by area, and area with market cap range
            GinIndex(fields=["therapeutic_areas"], opclasses=["jsonb_path_ops"], name="companies_areas_gin"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.ticker})" if self.ticker else self.name

    def clean(self) -> None:
        """Bring ticker and CIK into the form in which they are kept."""
        self.ticker = (self.ticker or "").strip().upper() or None
        cik = (self.cik or "").strip()
        self.cik = (cik.zfill(10) if cik.isdigit() else cik) or None


@tracked(exclude=["patent_years_remaining"])
class DrugCandidate(SoftDeleteModel):
    """A company's own drug in one indication, at its furthest phase."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="drug_candidates",
        db_index=False,
        help_text="The company that owns the programme.",
        db_comment="Owner of the programme.",
    )
    name = models.CharField(max_length=255, help_text="Generic, brand or code name.", db_comment="Drug name or code.")
    phase = models.CharField(
        max_length=16,
        choices=Phase,
        default=Phase.PRECLINICAL,
        db_default=Phase.PRECLINICAL,
        help_text="The furthest phase reached in this indication.",
        db_comment="Furthest phase in this indication.",
    )
    indication = models.CharField(
        max_length=500, null=True, blank=True, help_text="The disease it is for.", db_comment="NULL = not stated."
    )
    mechanism = models.CharField(
        max_length=500,
        null=True,
        blank=True,
        help_text="Target and mode of action, with a citable source.",
        db_comment="NULL = unknown.",
    )
    therapeutic_area = models.CharField(
        max_length=32,
        choices=TherapeuticArea,
        null=True,
        blank=True,
        help_text="The area of the indication.",
        db_comment="Area identifier. NULL = not classified.",
    )
    patent_expiry = models.DateField(
        null=True,
        blank=True,
        help_text="Last protected day: the latest of patents and exclusivities.",
        db_comment="Last protected day. NULL = unknown.",
    )
    patent_years_remaining = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        help_text="Years from the last refresh to the last protected day.",
        db_comment="Years, as of the last refresh; 0 once expired. NULL = unknown.",
    )
    orphan_designation = models.BooleanField(
        null=True, blank=True, help_text="FDA orphan designation.", db_comment="NULL = unknown."
    )
    fast_track = models.BooleanField(
        null=True, blank=True, help_text="FDA fast-track designation.", db_comment="NULL = unknown."
    )
    breakthrough_therapy = models.BooleanField(
        null=True, blank=True, help_text="FDA breakthrough or RMAT designation.", db_comment="NULL = unknown."
    )
    next_milestone = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        help_text="What comes next: a readout, a PDUFA date.",
        db_comment="NULL = none known.",
    )
    next_milestone_date = models.DateField(
        null=True, blank=True, help_text="When it is due.", db_comment="Day (months: their last day). NULL = unknown."
    )
    phase_score = score_0_100("phase score", help_text="How far it has come, 0-100.")
    competitive_landscape_score = score_0_100(
        "competitive landscape score", help_text="How open the field is, 0-100; an analyst's judgement."
    )
    market_potential_usd = money_usd("market potential, USD", help_text="Peak sales a year, with a source.")
    additional_data = json_object(
        help_text="Trial identifiers, application numbers and the like.", db_comment="Free object: nct_ids, …"
    )
    field_sources = json_object(
        editable=False,
        help_text="Where each field came from: source, identifier and day.",
        db_comment='Field name -> {"source", "id", "as_of"}; source "curated" outranks every other.',
    )

    objects = LiveManager.from_queryset(DrugCandidateQuerySet)()
    all_objects = DrugCandidateQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "drug_candidates"
        db_table_comment = "Drugs of companies, one row a drug and indication."
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            *json_shapes("drug_candidates", objects=("additional_data", "field_sources")),
            one_of("phase", Phase, name="drug_candidates_phase_known"),
            one_of("therapeutic_area", TherapeuticArea, name="drug_candidates_area_known"),
            models.CheckConstraint(
                condition=~models.Q(name__regex=r"^\s*$"),
                name="drug_candidates_name_not_blank",
                violation_error_message="A drug candidate needs a name.",
            ),
            within(
                "patent_years_remaining",
                0,
                None,
                name="drug_candidates_patent_years_not_negative",
                message="Remaining patent years are not negative.",
            ),
            within(
                "phase_score",
                0,
                100,
                name="drug_candidates_phase_score_range",
                message="A phase score lies between 0 and 100.",
            ),
            within(
                "competitive_landscape_score",
                0,
                100,
                name="drug_candidates_landscape_score_range",
                message="A landscape score lies between 0 and 100.",
            ),
            within(
                "market_potential_usd",
                0,
                None,
                name="drug_candidates_potential_not_negative",
                message="A market potential is not negative.",
            ),
        ]
        indexes = [
            # a company's pipeline by phase; its prefix serves the foreign key
            models.Index(fields=["company", "phase"], name="drug_candidates_pipeline_idx"),
            # by phase across companies
            models.Index(fields=["phase"], name="drug_candidates_phase_idx", condition=LIVE),
            # by area across companies
            models.Index(fields=["therapeutic_area"], name="drug_candidates_area_idx", condition=LIVE),
            # coming milestones
            models.Index(fields=["next_milestone_date"], name="drug_candidates_next_idx", condition=LIVE),
            # archived rows
            models.Index(fields=["deleted_at"], name="drug_candidates_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.indication}" if self.indication else self.name


@tracked(exclude=["normalized"])
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
        ]

    def __str__(self) -> str:
        return f"{self.alias} ({self.get_kind_display()})"
