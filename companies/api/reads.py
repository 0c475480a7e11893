"""Companies and drug candidates as the API shows them."""

from __future__ import annotations

from django.db.models import OuterRef

from biotech_ma.core.api.resources import Column, JsonRow, JsonRows, Money, Resource, columns
from companies.models import Company, DrugCandidate

STAMPS = columns("created_at", "updated_at")

CANDIDATE_FACTS = columns(
    "name",
    "phase",
    "indication",
    "mechanism",
    "therapeutic_area",
    "patent_expiry",
    "patent_years_remaining",
    "orphan_designation",
    "fast_track",
    "breakthrough_therapy",
    "next_milestone",
    "next_milestone_date",
    "phase_score",
    "competitive_landscape_score",
    "market_potential_usd",
    "additional_data",
    "field_sources",
    money=["market_potential_usd"],
)
DRUG_CANDIDATES = Resource(
    name="DrugCandidate",
    model=DrugCandidate,
    fields=(
        Column("id"),
        Column("company_id"),
        Column("ticker", "company__ticker"),
        *CANDIDATE_FACTS,
        *STAMPS,
    ),
    ordering=("name",),
    orderable={
        name: name
        for name in (
            "phase",
            "patent_expiry",
            "next_milestone_date",
            "market_potential_usd",
            "created_at",
            "updated_at",
        )
    },
)

# What a company carries of its pipeline and of its latest score, when asked to.
PIPELINE = columns("id", "name", "phase", "indication", "therapeutic_area", "next_milestone", "next_milestone_date")
LATEST_SCORE = columns(
    "id",
    "score_date",
    "score_version",
    "total_score",
    "percentile_rank",
    "confidence",
    "score_change_30d",
    "score_change_90d",
)


def _pipeline() -> JsonRows:
    candidates = DrugCandidate.objects.filter(company=OuterRef("pk")).order_by("name", "id")
    return JsonRows(candidates, PIPELINE, name="PipelineEntry")


def _latest_score() -> JsonRow:
    scores = Company._meta.get_field("scores").related_model._default_manager
    return JsonRow(scores.filter(company=OuterRef("pk"), is_latest=True), LATEST_SCORE, name="LatestScore")


COMPANIES = Resource(
    name="Company",
    model=Company,
    fields=(
        Column("id"),
        Column("ticker"),
        Column("cik"),
        Column("name"),
        Column("role"),
        Column("market_cap_usd", Money("market_cap_usd")),
        Column("market_cap_as_of"),
        Column("cash_position_usd", Money("cash_position_usd")),
        Column("quarterly_burn_rate_usd", Money("quarterly_burn_rate_usd")),
        Column("total_debt_usd", Money("total_debt_usd")),
        Column("runway_quarters"),
        Column("enterprise_value_usd", Money("enterprise_value_usd")),
        Column("therapeutic_areas"),
        Column("founded_year"),
        Column("employee_count"),
        Column("headquarters_location"),
        Column("is_public"),
        Column("is_cash_constrained"),
        Column("under_offer_since"),
        Column("history_starts"),
        Column("metadata"),
        Column("field_sources"),
        Column("last_data_refresh"),
        *STAMPS,
        Column(
            "pipeline",
            _pipeline(),
            on_request=True,
            help_text="The live drug candidates.",
            endpoint="drug-candidates",
        ),
        Column(
            "latest_score",
            _latest_score(),
            on_request=True,
            help_text="The newest score, null when there is none.",
            endpoint="scores",
        ),
    ),
    ordering=("name",),
    orderable={
        name: name
        for name in (
            "ticker",
            "market_cap_usd",
            "cash_position_usd",
            "quarterly_burn_rate_usd",
            "total_debt_usd",
            "runway_quarters",
            "enterprise_value_usd",
            "founded_year",
            "employee_count",
            "created_at",
            "updated_at",
        )
    },
)
