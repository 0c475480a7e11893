"""The fields that scores are made of: who changes one in the admin says why (`scoring.inputs` reads them)."""

from __future__ import annotations

COMPANY_SCORE_FIELDS = frozenset(
    {
        "role",
        "market_cap_usd",
        "market_cap_as_of",
        "cash_position_usd",
        "quarterly_burn_rate_usd",
        "total_debt_usd",
        "therapeutic_areas",
        "history_starts",
    }
)
CANDIDATE_SCORE_FIELDS = frozenset(
    {
        "company",
        "phase",
        "indication",
        "therapeutic_area",
        "patent_expiry",
        "orphan_designation",
        "fast_track",
        "breakthrough_therapy",
        "next_milestone_date",
        "market_potential_usd",
        "additional_data",
    }
)
