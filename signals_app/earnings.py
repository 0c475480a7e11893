"""What a company earns before interest, taxes, depreciation and amortisation (EBITDA), as of a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from signals_app.figures import BEYOND_ANY_COMPANY_USD, STALE_AFTER_DAYS, Unknown
from signals_app.periods import USD, Fact, Figure, in_force, trailing_year

OPERATING_INCOME = "operating_income"
DEPRECIATION = "depreciation_and_amortization"
EARNINGS_CONCEPTS: tuple[str, ...] = (OPERATING_INCOME, DEPRECIATION)


def ebitda(facts: Iterable[Fact], day: date, *, history_starts: date | None = None) -> Figure | Unknown:
    """Return the operating income plus depreciation and amortisation of the last twelve months in USD, or why not.

    Only what was public by the end of the day in New York counts. Both must be of the same twelve months, which ended
    at most 200 days before. A loss is negative. Source: the periodic reports (XBRL).
    """
    held = [fact for fact in facts if fact.concept in EARNINGS_CONCEPTS]
    chosen = in_force([fact for fact in held if fact.unit == USD], day, history_starts=history_starts)
    if any(concept not in chosen for concept in EARNINGS_CONCEPTS):
        known = in_force(held, day, history_starts=history_starts)
        is_foreign = all(concept in known for concept in EARNINGS_CONCEPTS)
        return Unknown.CURRENCY if is_foreign else Unknown.NOT_REPORTED
    income, depreciation = (trailing_year(chosen[concept]) for concept in EARNINGS_CONCEPTS)
    if income is None or depreciation is None or income.period_end != depreciation.period_end:
        return Unknown.NO_TRAILING_YEAR
    if (day - income.period_end).days > STALE_AFTER_DAYS:
        return Unknown.STALE
    value = income.value + depreciation.value
    if abs(value) >= BEYOND_ANY_COMPANY_USD:
        return Unknown.IMPLAUSIBLE
    return Figure(
        value=value,
        period_start=income.period_start,
        period_end=income.period_end,
        available_at=max(income.available_at, depreciation.available_at),
        accessions=tuple(sorted({*income.accessions, *depreciation.accessions})),
        sources=tuple(sorted({*income.sources, *depreciation.sources})),
    )
