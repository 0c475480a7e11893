"""Scores and matches as the API shows them."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import F, Func

from biotech_ma.core.api.resources import Column, Money, Resource, columns
from scoring.models import AcquirerMatch, MAScore
from scoring.record import DEFAULTS, PART_LABELS, PLACE

# A contribution as it is served, from how it is kept: scoring/record.py does the same for rows in memory. What all
# contributions of a feature share is merged beforehand; one of a feature that is gone has its own name for a label.
_UNKNOWN = "defaults || jsonb_build_object('label', part -> 'feature')"
_WHOLE = (
    f"(coalesce(shared -> ((part ->> 'component') || '.' || (part ->> 'feature')), {_UNKNOWN}) || part) - '{PLACE}'"
)
_SHARED = {name: {**DEFAULTS, "label": label} for name, label in PART_LABELS.items()}
_IN_ORDER = f"(part ->> '{PLACE}')::int"


class _Constant(Func):
    """A JSON constant that the server reads once a statement: as a parameter it would be parsed again in each row."""

    output_field = models.JSONField()

    def __init__(self, value: Any) -> None:
        super().__init__()
        text = json.dumps(value).replace("'", "''")
        # Once for the template, once for the driver.
        self.template = f"'{text}'::jsonb".replace("%", "%%%%")


class _Served(Func):
    """JSON columns of a score as they are served; rows without kept contributions stay as they are."""

    output_field = models.JSONField()

    def __init__(self, *names: str) -> None:
        super().__init__(*(F(name) for name in names), _Constant(DEFAULTS), _Constant(_SHARED))


class _Parts(_Served):
    """Contributions above (below) zero, in the order in which they are kept: largest first."""

    template = (
        "(SELECT coalesce(jsonb_agg("  # noqa: S608
        f"CASE WHEN part ? '{PLACE}' THEN {_WHOLE} ELSE part END ORDER BY place), '[]'::jsonb)"
        " FROM (VALUES (%(expressions)s)) AS row(kept, defaults, shared),"
        " jsonb_array_elements(row.kept) WITH ORDINALITY AS each(part, place))"
    )


class _Metadata(_Served):
    """What stands beside the score, with all contributions in the order of the explanation."""

    template = (
        "(SELECT CASE WHEN m ? 'neutral' THEN (m - 'neutral') || jsonb_build_object('contributions', ("  # noqa: S608
        f"SELECT coalesce(jsonb_agg({_WHOLE} ORDER BY {_IN_ORDER}), '[]'::jsonb)"
        " FROM jsonb_array_elements(drivers || risks || (m -> 'neutral')) AS each(part))) ELSE m END"
        " FROM (VALUES (%(expressions)s)) AS row(m, drivers, risks, defaults, shared))"
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
        Column("key_drivers", _Parts("key_drivers")),
        Column("risk_factors", _Parts("risk_factors")),
        Column("metadata", _Metadata("metadata", "key_drivers", "risk_factors")),
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
