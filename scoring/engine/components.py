"""The components of the score and their features: shares, formulas and how to supply what is missing.

Shares, stages and constants are judgement, not fitted, unless a source stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

D = Decimal
HUNDRED = D(100)
# What stands in for a graded input that nobody in the universe has.
NEUTRAL = D("50.0000")


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a component on a scale from 0 to 100 (events: in the component's points), and its share of it.

    `is_event`: the absence of a record counts as "did not happen" in the score, but as covered only if it was recorded.
    """

    name: str
    label: str
    share: Decimal
    supply: str
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """A component from 0 to 100: its constant plus the sum of share times value, within these bounds."""

    name: str
    label: str
    features: tuple[Feature, ...]
    constant: Decimal


PIPELINE = Component(
    "pipeline",
    "Pipeline",
    (
        Feature(
            "lead_stage", "Stage of the lead", D("0.50"), "add the company's own drug candidates with their phases"
        ),
        Feature("breadth", "Programmes in phase 2 or later", D("0.25"), "add the company's own drug candidates"),
        Feature(
            "next_completion",
            "Next completion or decision",
            D("0.25"),
            "set the next milestone's date on candidates in phase 2 or later",
        ),
    ),
    constant=D(0),
)
PATENT = Component(
    "patent",
    "Patents and exclusivity",
    (
        Feature(
            "protected_years",
            "Protected years of the lead",
            D(1),
            "set the patent expiry of the lead, or ingest the Orange Book",
        ),
    ),
    constant=D(0),
)
FINANCIAL = Component(
    "financial",
    "Financial",
    (
        Feature("size", "Closeness of the market cap to $2.5bn", D("0.50"), "set the market cap and its day"),
        Feature(
            "research_spending",
            "Research spending of twelve months",
            D("0.50"),
            "ingest financial facts (research and development, in USD)",
        ),
    ),
    constant=D(0),
)
REGULATORY = Component(
    "regulatory",
    "Regulatory",
    (
        Feature(
            "breakthrough", "Breakthrough or RMAT", D("0.25"), "set the designation on the candidate", is_event=True
        ),
        Feature("orphan", "Orphan designation", D("0.15"), "set the designation on the candidate", is_event=True),
        Feature("fast_track", "Fast track", D("0.10"), "set the designation on the candidate", is_event=True),
        Feature("filed_or_approved", "Filed or approved", D("0.20"), "add the company's own drug candidates"),
        Feature("clinical_hold", "Clinical hold", D("-0.40"), "record clinical holds as signals", is_event=True),
        Feature(
            "complete_response",
            "Complete response letter",
            D("-0.25"),
            "record complete responses as signals",
            is_event=True,
        ),
    ),
    constant=D(40),
)
# The types of the signal catalogue that feed the component; impacts and half-lives stand there.
CORPORATE_EVENTS: dict[str, str] = {
    "strategic_review": "Strategic review",
    "activist_stake": "Activist stake (13D)",
    "insider_buying_cluster": "Insider buying cluster",
    "partnership": "Partnership",
    "partnership_ended": "Partnership ended",
    "executive_departure": "Executive departure",
    "restructuring": "Restructuring",
    "atm_program": "At-the-market programme",
}
_FILINGS = "ingest the company's filings (edgar-submissions)"
INSIDER = Component(
    "insider",
    "Insider and corporate events",
    tuple(
        Feature(
            name,
            label,
            D(1),
            "ingest Forms 4 (edgar-ownership)" if name == "insider_buying_cluster" else _FILINGS,
            is_event=True,
        )
        for name, label in CORPORATE_EVENTS.items()
    ),
    constant=D(50),
)
STRATEGIC_FIT = Component(
    "strategic_fit",
    "Strategic fit",
    (Feature("best_acquirers", "Fit of the best acquirers", D(1), "run match for the day, before score"),),
    constant=D(0),
)
# In the order in which an explanation shows them. One of which no company has an input on the day is left out of it.
COMPONENTS: tuple[Component, ...] = (PIPELINE, PATENT, FINANCIAL, INSIDER, STRATEGIC_FIT, REGULATORY)
LABELS: dict[str, str] = {component.name: component.label for component in COMPONENTS}
FEATURE_LABELS: dict[tuple[str, str], str] = {
    (component.name, feature.name): feature.label for component in COMPONENTS for feature in component.features
}

# Discovery is not in the published scale; it stands below preclinical.
STAGE: dict[str, Decimal] = {
    "discovery": D(5),
    "preclinical": D(10),
    "phase_1": D(25),
    "phase_1_2": D(40),
    "phase_2": D(60),
    "phase_2_3": D(75),
    "phase_3": D(85),
    "nda_bla": D(95),
    "approved": HUNDRED,
}
PHASE_2_OR_LATER = frozenset({"phase_2", "phase_2_3", "phase_3", "nda_bla", "approved"})
FILED_OR_APPROVED = frozenset({"nda_bla", "approved"})

BREADTH_SCALE = D(3)
DAYS_A_YEAR = D(365)
PROTECTED_YEARS = (D(3), D(15))
# From approval on. Source: 21 U.S.C. 355(c)(3)(E)(ii), 360cc(a); 42 U.S.C. 262(k)(7).
CHEMICAL_EXCLUSIVITY_YEARS = 5
ORPHAN_EXCLUSIVITY_YEARS = 7
BIOLOGIC_EXCLUSIVITY_YEARS = 12
# log10 USD: 10^9.4 = 2.5 billion.
BEST_SIZE, SIZE_SPREAD = D("9.4"), D("0.6")
RESEARCH_RANGE = (D("6.5"), D("8.5"))


def ramp(x: Decimal, low: Decimal, high: Decimal) -> Decimal:
    """Return 0 up to `low`, 100 from `high` on, and a straight line between."""
    return HUNDRED * min(max((x - low) / (high - low), D(0)), D(1))


def breadth(programmes: int) -> Decimal:
    """Return 100 (1 - e^(-n/3)) for n programmes in phase 2 or later."""
    return HUNDRED * (1 - (-D(programmes) / BREADTH_SCALE).exp())


def nearness(days: int) -> Decimal:
    """Return 100 e^(-days/365) for an event that many days ahead; 0 once it lies in the past."""
    return D(0) if days < 0 else HUNDRED * (-D(days) / DAYS_A_YEAR).exp()


def size(market_cap_usd: Decimal) -> Decimal:
    """Return the closeness of a market cap to 2.5 billion on a logarithmic scale; 0 for a cap of zero."""
    if market_cap_usd <= 0:
        return D(0)
    distance = (market_cap_usd.log10() - BEST_SIZE) / SIZE_SPREAD
    return HUNDRED * (-distance * distance / 2).exp()


def research(spending_usd: Decimal) -> Decimal:
    """Return the research spending of twelve months on a logarithmic scale; 0 for none, 100 from $316 million on."""
    return D(0) if spending_usd <= 0 else ramp(spending_usd.log10(), *RESEARCH_RANGE)


def protected_years(years: Decimal) -> Decimal:
    """Return the protected years on a scale from 3 to 15."""
    return ramp(years, *PROTECTED_YEARS)
