"""What a company earns before interest, taxes, depreciation and amortisation (EBITDA), as of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from signals_app.knowledge import BEYOND_ANY_COMPANY_USD, STALE_AFTER_DAYS, Unknown
from signals_app.periods import USD, Fact, Figure, in_force, trailing_year

OPERATING_INCOME = "operating_income"
DEPRECIATION = "depreciation_and_amortization"
DEPRECIATION_ALONE, AMORTIZATION_ALONE = "depreciation", "amortization_of_intangibles"
PRETAX_INCOME = "income_before_taxes"
INTEREST = "interest_expense"
# The ways to it, the plainer first: many large drug makers report no operating income, or depreciation and amortisation
# apart. The total, where there is one, is more than the two: it has the amortisation of other things, too.
WAYS: tuple[tuple[str, ...], ...] = tuple(
    (*income, *expense)
    for expense in ((DEPRECIATION,), (DEPRECIATION_ALONE, AMORTIZATION_ALONE))
    for income in ((OPERATING_INCOME,), (PRETAX_INCOME, INTEREST))
)
EARNINGS_CONCEPTS: tuple[str, ...] = tuple(dict.fromkeys(concept for way in WAYS for concept in way))
# What is added back is an expense: reported below zero, it has the wrong sign.
ADDED_BACK = frozenset({DEPRECIATION, DEPRECIATION_ALONE, AMORTIZATION_ALONE, INTEREST})


def ebitda(facts: Iterable[Fact], day: date, *, history_starts: date | None = None) -> Figure | Unknown:
    """Return operating income plus depreciation and amortisation of the last twelve months in USD, or why not.

    Where that is not to be had: income before taxes plus interest, depreciation and amortisation. The last two are
    taken apart where no total is reported. Only what was public by the end of the day in New York counts. All parts
    must be of the same twelve months, which ended at most 200 days before. A loss is negative. Source: the periodic
    reports (XBRL).
    """
    held = [fact for fact in facts if fact.concept in EARNINGS_CONCEPTS]
    found = [_sum(held, way, day, history_starts) for way in WAYS]
    for figure in found:
        if isinstance(figure, Figure):
            return figure
    reasons = [reason for reason in found if isinstance(reason, Unknown)]
    return next((reason for reason in reasons if reason != Unknown.NOT_REPORTED), Unknown.NOT_REPORTED)


def _sum(facts: Sequence[Fact], concepts: Sequence[str], day: date, history_starts: date | None) -> Figure | Unknown:
    chosen = in_force([fact for fact in facts if fact.unit == USD], day, history_starts=history_starts)
    if any(concept not in chosen for concept in concepts):
        known = in_force(facts, day, history_starts=history_starts)
        return Unknown.CURRENCY if all(concept in known for concept in concepts) else Unknown.NOT_REPORTED
    years = {concept: trailing_year(chosen[concept]) for concept in concepts}
    parts = [year for year in years.values() if year is not None]
    if len(parts) < len(concepts) or len({part.period_end for part in parts}) > 1:
        return Unknown.NO_TRAILING_YEAR
    if (day - parts[0].period_end).days > STALE_AFTER_DAYS:
        return Unknown.STALE
    value = sum((part.value for part in parts), Decimal(0))
    wrong = any(year is not None and year.value < 0 for concept, year in years.items() if concept in ADDED_BACK)
    if wrong or abs(value) >= BEYOND_ANY_COMPANY_USD:
        return Unknown.IMPLAUSIBLE
    return Figure(
        value=value,
        period_start=parts[0].period_start,
        period_end=parts[0].period_end,
        available_at=max(part.available_at for part in parts),
        accessions=tuple(sorted({accession for part in parts for accession in part.accessions})),
        sources=tuple(sorted({source for part in parts for source in part.sources})),
    )
