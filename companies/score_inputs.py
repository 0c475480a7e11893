"""The fields that scores are made of (`scoring.inputs` reads them), and those that ask why a person changes them."""

from __future__ import annotations

COMPANY_SCORE_FIELDS = frozenset(
    {
        "role",
        "market_cap_usd",
        "market_cap_as_of",
        # of targets for what they cost net of them, of acquirers for what they can pay
        "cash_position_usd",
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

# Who changes one of these says why; the page names what rests on it.
SCORES, RUNWAY = "scores and matches", "runway and alerts"
COMPANY_REASON_FIELDS = {**dict.fromkeys(sorted(COMPANY_SCORE_FIELDS), SCORES), "quarterly_burn_rate_usd": RUNWAY}
CANDIDATE_REASON_FIELDS = dict.fromkeys(sorted(CANDIDATE_SCORE_FIELDS), SCORES)
