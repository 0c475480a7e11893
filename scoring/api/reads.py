"""Scores and matches as the API shows them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, F, Func, When

from biotech_ma.core.api.resources import Column, Money, Resource, columns
from scoring.models import AcquirerMatch, MAScore
from scoring.record import DEFAULTS
from scoring.served import FORM, METADATA, PARTS, SHARED, constant


class _Constant(Func):
    """A JSON constant in the text of the statement."""

    output_field = models.JSONField()

    def __init__(self, value: Any) -> None:
        super().__init__()
        # Once for the template, once for the driver.
        self.template = constant(value).replace("%", "%%%%")


class _Made(Func):
    """A JSON column of a score made whole from how it is kept; rows without kept contributions stay as they are."""

    output_field = models.JSONField()

    def __init__(self, template: str, *names: str) -> None:
        super().__init__(*(F(name) for name in names), _Constant(DEFAULTS), _Constant(SHARED))
        self.template = template.format(values="%(expressions)s") + "::json"


def _served(name: str, template: str, *others: str) -> Case:
    """Return the column as it is kept ready, where it is and has this code's form; else made whole now."""
    return Case(
        When(served__form=FORM, then=F(f"served__{name}")),
        default=_Made(template, name, *others),
        output_field=models.JSONField(),
    )


SCORES = Resource(
    name="Score",
    model=MAScore,
    fields=(
        Column("id"),
        Column("company_id"),
        Column("ticker", "company__ticker"),
        Column("name", "company__name"),
        Column("market_cap_usd", Money("company__market_cap_usd")),
        *columns(
            "score_date",
            "score_version",
            "total_score",
            "percentile_rank",
            "confidence",
            "pipeline_score",
            "patent_score",
            "financial_score",
            "insider_score",
            "strategic_fit_score",
            "regulatory_score",
            "score_change_30d",
            "score_change_90d",
        ),
        Column("key_drivers", _served("key_drivers", PARTS)),
        Column("risk_factors", _served("risk_factors", PARTS)),
        Column("metadata", _served("metadata", METADATA, "key_drivers", "risk_factors")),
        *columns(
            "is_latest",
            "created_at",
            "updated_at",
        ),
    ),
    ordering=("-score_date", "-total_score", "id"),
    orderable={
        "percentile_rank": "percentile_rank",
        "confidence": "confidence",
        "score_change_30d": "score_change_30d",
        "score_change_90d": "score_change_90d",
        "ticker": "company__ticker",
        "market_cap_usd": "company__market_cap_usd",
    },
)

ACQUIRER_MATCHES = Resource(
    name="AcquirerMatch",
    model=AcquirerMatch,
    fields=(
        Column("id"),
        Column("target_company_id"),
        Column("target_ticker", "target_company__ticker"),
        Column("target_name", "target_company__name"),
        *columns(
            "acquirer_company_id",
            "acquirer_ticker",
            "acquirer_name",
            "match_date",
            "strategic_fit_score",
            "therapeutic_overlap_score",
            "geographic_fit_score",
            "financial_capacity_score",
            "historical_ma_score",
            "synergy_rationale",
            "key_assets_of_interest",
            "estimated_valuation_range_usd",
            "match_rank",
            "is_top_match",
            "metadata",
            "created_at",
            "updated_at",
        ),
    ),
    ordering=("-match_date", "match_rank", "id"),
    orderable={"strategic_fit_score": "strategic_fit_score", "target_ticker": "target_company__ticker"},
)
