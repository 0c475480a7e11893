"""EBITDA: operating income and depreciation of the same twelve months, as known on a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from biotech_ma.core.market_day import start_of
from signals_app.earnings import ebitda
from signals_app.knowledge import Unknown
from signals_app.periods import Fact, Figure

DAY = dt.date(2026, 6, 30)


def fact(concept: str, value: int, start: str, end: str, known: str = "2026-05-01", unit: str = "USD") -> Fact:
    return Fact(
        concept, dt.date.fromisoformat(start), dt.date.fromisoformat(end), Decimal(value), unit, "10-Q", f"a-{end}",
        start_of(dt.date.fromisoformat(known)), "edgar",
    )  # fmt: skip


INCOME = fact("operating_income", 900, "2025-01-01", "2025-12-31", "2026-02-10")
DEPRECIATION = fact("depreciation_and_amortization", 300, "2025-01-01", "2025-12-31", "2026-02-10")
# last year + this year to date - last year to the same date: 900 + 200 - 250 = 850 and 300 + 90 - 80 = 310
LATER = [
    fact("operating_income", 200, "2026-01-01", "2026-03-31"),
    fact("operating_income", 250, "2025-01-01", "2025-03-31"),
    fact("depreciation_and_amortization", 90, "2026-01-01", "2026-03-31"),
    fact("depreciation_and_amortization", 80, "2025-01-01", "2025-03-31"),
]


def known(facts: list[Fact], day: dt.date = DAY) -> Figure:
    found = ebitda(facts, day)
    assert isinstance(found, Figure)
    return found


def test_year_is_the_sum_of_both() -> None:
    found = known([INCOME, DEPRECIATION])
    assert (found.value, found.period_end) == (1200, dt.date(2025, 12, 31))
    assert found.accessions == ("a-2025-12-31",)


def test_later_quarters_move_the_twelve_months_on_from_the_day_they_are_known() -> None:
    facts = [INCOME, DEPRECIATION, *LATER]
    assert known(facts).value == 1160
    assert known(facts, dt.date(2026, 4, 30)).value == 1200


def test_loss_is_negative() -> None:
    assert known([fact("operating_income", -500, "2025-01-01", "2025-12-31"), DEPRECIATION]).value == -200


PRETAX = fact("income_before_taxes", 750, "2025-01-01", "2025-12-31", "2026-02-10")
INTEREST = fact("interest_expense", 100, "2025-01-01", "2025-12-31", "2026-02-10")


def test_income_before_taxes_with_interest_stands_in_where_no_operating_income_is_reported() -> None:
    assert known([PRETAX, INTEREST, DEPRECIATION]).value == 1150
    assert known([PRETAX, INTEREST, DEPRECIATION, INCOME]).value == 1200
    assert ebitda([PRETAX, DEPRECIATION], DAY) is Unknown.NOT_REPORTED


DEPRECIATION_ALONE = fact("depreciation", 170, "2025-01-01", "2025-12-31", "2026-02-10")
AMORTIZATION_ALONE = fact("amortization_of_intangibles", 120, "2025-01-01", "2025-12-31", "2026-02-10")


def test_depreciation_and_amortisation_apart_are_summed_where_no_total_is_reported() -> None:
    apart = [DEPRECIATION_ALONE, AMORTIZATION_ALONE]
    assert known([INCOME, *apart]).value == 1190
    assert known([PRETAX, INTEREST, *apart]).value == 1140
    # the total of the filer stands, with whatever income there is
    assert known([INCOME, *apart, DEPRECIATION]).value == 1200
    assert known([PRETAX, INTEREST, *apart, DEPRECIATION]).value == 1150
    assert ebitda([INCOME, DEPRECIATION_ALONE], DAY) is Unknown.NOT_REPORTED
    assert ebitda([INCOME, AMORTIZATION_ALONE], DAY) is Unknown.NOT_REPORTED
    negative = fact("amortization_of_intangibles", -120, "2025-01-01", "2025-12-31", "2026-02-10")
    assert ebitda([INCOME, DEPRECIATION_ALONE, negative], DAY) is Unknown.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("facts", "day", "reason"),
    [
        ([INCOME], DAY, Unknown.NOT_REPORTED),
        ([], DAY, Unknown.NOT_REPORTED),
        ([INCOME, DEPRECIATION], dt.date(2026, 1, 31), Unknown.NOT_REPORTED),  # nothing was filed yet
        ([INCOME, DEPRECIATION], dt.date(2026, 8, 1), Unknown.STALE),  # 213 days
        ([INCOME, DEPRECIATION, LATER[0], LATER[1]], DAY, Unknown.NO_TRAILING_YEAR),  # two different years
        (
            [
                fact("operating_income", 9, "2025-01-01", "2025-12-31", unit="EUR"),
                fact("depreciation_and_amortization", 3, "2025-01-01", "2025-12-31", unit="EUR"),
            ],
            DAY,
            Unknown.CURRENCY,
        ),
        # an expense of the wrong sign
        ([INCOME, fact("depreciation_and_amortization", -300, "2025-01-01", "2025-12-31")], DAY, Unknown.IMPLAUSIBLE),
        ([fact("operating_income", 10**18, "2025-01-01", "2025-12-31"), DEPRECIATION], DAY, Unknown.IMPLAUSIBLE),
    ],
)
def test_what_is_not_known_has_a_reason(facts: list[Fact], day: dt.date, reason: Unknown) -> None:
    assert ebitda(facts, day) is reason
