"""A company's figures on a day: real companies worked out by hand, and the rules one by one."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biotech_ma.core.market_day import NEW_YORK, end_of
from signals_app.figures import figures
from signals_app.knowledge import Unknown
from signals_app.periods import Fact, in_force, last_quarter, trailing_year


def fact(
    concept: str,
    start: str,
    end: str,
    value: int,
    filed: str,
    *,
    form: str = "10-Q",
    accession: str = "",
    **other: object,
) -> Fact:
    return Fact(
        concept=concept,
        period_start=dt.date.fromisoformat(start) if start else None,
        period_end=dt.date.fromisoformat(end),
        value=Decimal(value),
        unit=other.get("unit", "USD"),
        form=form,
        accession=accession or f"acc-{filed}",
        available_at=dt.datetime.fromisoformat(filed).replace(tzinfo=NEW_YORK),
        source=other.get("source", "edgar"),
    )


OCF, RND = "operating_cash_flow", "research_and_development"

# Abeona Therapeutics (CIK 318306), as filed with the 10-K of 2024 and the 10-Qs of 2024 and 2025.
ABEONA = [
    fact("cash", "", "2025-03-31", 15_936_000, "2025-05-15"),
    fact("cash", "", "2025-06-30", 163_535_000, "2025-08-14"),
    fact("assets", "", "2025-06-30", 246_233_000, "2025-08-14"),
    fact("long_term_debt", "", "2025-03-31", 19_286_000, "2025-05-15"),
    fact("long_term_debt", "", "2025-06-30", 19_561_000, "2025-08-14"),
    fact(OCF, "2024-01-01", "2024-03-31", -14_538_000, "2024-05-15"),
    fact(OCF, "2024-01-01", "2024-06-30", -27_222_000, "2024-08-12"),
    fact(OCF, "2024-01-01", "2024-06-30", -27_222_000, "2025-08-14"),
    fact(OCF, "2024-01-01", "2024-09-30", -39_456_000, "2024-11-14"),
    fact(OCF, "2024-01-01", "2024-12-31", -56_015_000, "2025-03-20", form="10-K"),
    fact(OCF, "2025-01-01", "2025-03-31", -18_402_000, "2025-05-15"),
    fact(OCF, "2025-01-01", "2025-06-30", -37_186_000, "2025-08-14"),
    fact(RND, "2024-01-01", "2024-06-30", 16_425_000, "2024-08-12"),
    fact(RND, "2024-04-01", "2024-06-30", 9_218_000, "2024-08-12"),
    fact(RND, "2024-01-01", "2024-12-31", 34_360_000, "2025-03-20", form="10-K"),
    fact(RND, "2025-01-01", "2025-06-30", 15_884_000, "2025-08-14"),
    fact(RND, "2025-04-01", "2025-06-30", 5_943_000, "2025-08-14"),
]


def test_figures_of_abeona_equal_the_hand_calculation() -> None:
    found = figures(
        ABEONA, dt.date(2025, 9, 30), market_cap_usd=Decimal(330_000_000), market_cap_as_of=dt.date(2025, 9, 1)
    )
    # 37.186 + 56.015 - 27.222 = 65.979 M a year; 163.535 / (65.979 / 4) = 9.914 quarters
    assert found.quarterly_burn is not None
    assert found.quarterly_burn.value == Decimal("16494750")
    assert (found.quarterly_burn.period_start, found.quarterly_burn.period_end) == (
        dt.date(2024, 7, 1),
        dt.date(2025, 6, 30),
    )
    assert found.quarterly_burn.accessions == ("acc-2025-03-20", "acc-2025-08-14")
    assert found.quarterly_burn.available_at == dt.datetime(2025, 8, 14, tzinfo=NEW_YORK)
    # 37.186 - 18.402
    assert found.last_quarter_burn is not None
    assert found.last_quarter_burn.value == Decimal(18_784_000)
    # 15.884 + 34.360 - 16.425
    assert found.research_spending is not None
    assert found.research_spending.value == Decimal(33_819_000)
    # no securities at the end of June, but cash is 66 % of assets
    assert found.liquid_funds is not None
    assert found.liquid_funds.value == Decimal(163_535_000)
    assert found.liquidity_complete is True
    assert found.runway_quarters == Decimal("9.91")
    assert found.is_cash_constrained is False
    # 330 + 19.561 - 163.535
    assert found.enterprise_value_usd == Decimal(186_026_000)
    assert found.unknown == {"prefunded_warrants": Unknown.NOT_REPORTED}


def test_figures_before_a_filing_do_not_know_it() -> None:
    before = figures(ABEONA, dt.date(2025, 8, 13))
    assert before.liquid_funds is not None
    assert before.liquid_funds.value == Decimal(15_936_000)
    on_the_day = figures(ABEONA, dt.date(2025, 8, 14))
    assert on_the_day.liquid_funds is not None
    assert on_the_day.liquid_funds.value == Decimal(163_535_000)


def test_figures_older_than_200_days_are_stale() -> None:
    assert figures(ABEONA, dt.date(2026, 1, 16)).liquid_funds is not None
    late = figures(ABEONA, dt.date(2026, 1, 17))
    assert late.liquid_funds is None
    assert late.runway_quarters is None
    assert late.unknown["liquid_funds"] == Unknown.STALE
    assert late.unknown["quarterly_burn"] == Unknown.STALE
    assert late.unknown["total_debt"] == Unknown.STALE
    assert late.unknown["research_spending"] == Unknown.STALE


# Lifecore (CIK 1005286): years of 52 weeks that end on the last Sunday of May.
LIFECORE = [
    fact(RND, "2023-05-29", "2024-05-26", 8_000_000, "2024-08-26", form="10-K"),
    fact(RND, "2023-05-29", "2023-08-27", 2_100_000, "2023-10-10"),
    fact(RND, "2023-05-29", "2023-11-26", 4_050_000, "2024-01-05"),
    fact(RND, "2024-05-27", "2024-08-25", 2_186_000, "2024-10-04"),
    fact(RND, "2024-05-27", "2024-11-24", 4_110_000, "2025-01-02"),
    fact(RND, "2024-05-27", "2025-02-23", 6_155_000, "2025-04-03"),
    fact(RND, "2024-05-27", "2025-05-25", 8_258_000, "2025-08-07", form="10-K"),
]


@pytest.mark.parametrize(
    ("day", "year", "quarter"),
    [
        ("2025-08-30", 8_258_000, 8_258_000 - 6_155_000),  # the year; its fourth quarter is the year less nine months
        ("2025-01-10", 4_110_000 + 8_000_000 - 4_050_000, 4_110_000 - 2_186_000),
        ("2024-10-10", 2_186_000 + 8_000_000 - 2_100_000, 2_186_000),
    ],
)
def test_trailing_year_of_52_week_years_is_found(day: str, year: int, quarter: int) -> None:
    series = in_force(LIFECORE, dt.date.fromisoformat(day))[RND]
    twelve_months, three_months = trailing_year(series), last_quarter(series)
    assert twelve_months is not None
    assert twelve_months.value == year
    assert three_months is not None
    assert three_months.value == quarter


def test_trailing_year_of_four_quarters_is_their_sum() -> None:
    starts = ["2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01"]
    ends = ["2024-06-30", "2024-09-30", "2024-12-31", "2025-03-31"]
    quarters = [
        fact(RND, *period, 1_000_000 * n, "2025-05-01") for n, period in enumerate(zip(starts, ends, strict=True), 1)
    ]
    found = trailing_year(in_force(quarters, dt.date(2025, 6, 1))[RND])
    assert found is not None
    assert found.value == 10_000_000


def test_trailing_year_of_three_quarters_is_unknown() -> None:
    found = figures([fact(RND, "2025-01-01", "2025-09-30", 5_000_000, "2025-11-01")], dt.date(2025, 12, 1))
    assert found.research_spending is None
    assert found.unknown["research_spending"] == Unknown.NO_TRAILING_YEAR


def balance(cash: int, assets: int, *securities: tuple[str, int], end: str = "2025-06-30") -> list[Fact]:
    rows = [fact("cash", "", end, cash, "2025-08-01"), fact("assets", "", end, assets, "2025-08-01")]
    return rows + [fact(concept, "", end, value, "2025-08-01") for concept, value in securities]


BURN = [fact(OCF, "2024-07-01", "2025-06-30", -40, "2025-08-01")]
SUMMER = dt.date(2025, 9, 1)


@pytest.mark.parametrize(
    ("rows", "liquid", "complete", "runway", "constrained"),
    [
        (balance(39, 100, ("short_term_investments", 21)), 60, True, "6.00", False),
        (balance(39, 100, ("short_term_investments", 21), ("long_term_investments", 5)), 65, True, "6.50", False),
        (balance(39, 100, ("long_term_investments", 0)), 39, True, "3.90", True),
        (balance(40, 100), 40, True, "4.00", False),
        (balance(39, 100), 39, False, None, None),
        (balance(39, 100, end="2025-06-30")[:1], 39, False, None, None),
        # securities of another period end do not count
        (
            [*balance(39, 100), fact("short_term_investments", "", "2025-03-31", 21, "2025-05-01")],
            39,
            False,
            None,
            None,
        ),
    ],
)
def test_liquid_funds_without_securities_need_40_percent_of_assets(
    rows: list[Fact], liquid: int, complete: bool, runway: str | None, constrained: bool | None
) -> None:
    found = figures([*rows, *BURN], SUMMER)
    assert found.liquid_funds is not None
    assert found.liquid_funds.value == liquid
    assert found.liquidity_complete is complete
    assert found.runway_quarters == (Decimal(runway) if runway else None)
    assert found.is_cash_constrained is constrained
    assert (found.unknown.get("liquidity") == Unknown.LIQUIDITY) is not complete


def test_runway_just_under_four_quarters_is_shown_and_marked_as_such() -> None:
    found = figures([*balance(39_999, 40_000), fact(OCF, "2024-07-01", "2025-06-30", -40_000, "2025-08-01")], SUMMER)
    assert found.runway_quarters == Decimal("3.99")
    assert found.is_cash_constrained is True


@pytest.mark.parametrize("flow", [0, 40])
def test_runway_of_a_company_that_burns_nothing_is_none_and_not_constrained(flow: int) -> None:
    found = figures([*balance(50, 100), fact(OCF, "2024-07-01", "2025-06-30", flow, "2025-08-01")], SUMMER)
    assert found.runway_quarters is None
    assert found.unknown["runway_quarters"] == Unknown.BURNS_NOTHING
    assert found.is_cash_constrained is False


def test_runway_of_a_tiny_burn_stays_within_its_column() -> None:
    rows = [*balance(10**12, 10**12), fact(OCF, "2024-07-01", "2025-06-30", -4, "2025-08-01")]
    assert figures(rows, SUMMER).runway_quarters == Decimal("99999.99")


def test_debt_that_is_not_reported_is_unknown_and_so_is_enterprise_value() -> None:
    found = figures(balance(50, 100), SUMMER, market_cap_usd=Decimal(1000), market_cap_as_of=SUMMER)
    assert found.total_debt is None
    assert found.unknown["total_debt"] == Unknown.NOT_REPORTED
    assert found.enterprise_value_usd is None


@pytest.mark.parametrize("unit", [None, "EUR"])
def test_amounts_not_surely_in_usd_are_unknown(unit: str | None) -> None:
    rows = [fact("cash", "", "2025-06-30", 50, "2025-08-01", unit=unit)]
    rows += [fact(RND, "2024-07-01", "2025-06-30", 40, "2025-08-01", unit=unit)]
    found = figures(rows, SUMMER)
    assert found.liquid_funds is None
    assert found.research_spending is None
    assert found.unknown["liquid_funds"] == found.unknown["research_spending"] == Unknown.CURRENCY


@pytest.mark.parametrize(
    ("cap", "as_of", "reason"),
    [
        (None, None, Unknown.MARKET_CAP),
        (Decimal("NaN"), SUMMER, Unknown.MARKET_CAP),
        (Decimal(1), None, Unknown.MARKET_CAP_UNDATED),
        (Decimal(1), SUMMER + dt.timedelta(days=1), Unknown.MARKET_CAP_LATER),
        (Decimal(1), SUMMER - dt.timedelta(days=401), Unknown.MARKET_CAP_STALE),
        (Decimal(1), SUMMER - dt.timedelta(days=400), None),
    ],
)
def test_market_cap_counts_from_its_day_for_400_days(
    cap: Decimal | None, as_of: dt.date | None, reason: Unknown | None
) -> None:
    found = figures([], SUMMER, market_cap_usd=cap, market_cap_as_of=as_of)
    assert found.unknown.get("market_cap_usd") == reason
    assert found.market_cap_usd == (None if reason else cap)


@pytest.mark.parametrize(
    ("floats", "price", "expected"),
    [
        # (day of the float, value); market cap in the ledger or None; what counts, its day, and whether it is a float
        ([("2024-06-28", 90)], None, (90, "2024-06-28", True)),
        ([("2024-06-28", 90), ("2023-06-30", 70)], None, (90, "2024-06-28", True)),
        ([("2024-06-28", 90)], 200, (200, "2025-05-01", False)),
        ([("2024-05-27", 90)], None, (None, None, False)),  # 401 days before
        ([("2024-05-28", 90)], None, (90, "2024-05-28", True)),  # 400 days before
        ([("2024-06-28", 0)], None, (None, None, False)),
    ],
)
def test_public_float_stands_in_for_a_market_cap_without_price_and_is_marked(
    floats: list[tuple[str, int]], price: int | None, expected: tuple[int | None, str | None, bool]
) -> None:
    rows = [fact("public_float", "", end, value, "2025-03-01", form="10-K") for end, value in floats]
    rows += [fact("market_cap", "", "2025-05-01", price, "2025-05-01", form="price")] if price else []
    found = figures(rows, dt.date(2025, 7, 2))
    as_of = found.market_cap_as_of.isoformat() if found.market_cap_as_of else None
    assert (found.market_cap_usd, as_of, found.market_cap_is_float) == expected
    assert ("market_cap_usd" in found.unknown) == (expected[0] is None)


def test_enterprise_value_takes_the_public_float_with_its_filing() -> None:
    rows = [*ABEONA, fact("public_float", "", "2024-08-26", 180_000_000, "2025-03-20", form="10-K")]
    found = figures(rows, dt.date(2025, 9, 30))  # 400 days later
    assert found.enterprise_value_usd == Decimal(36_026_000)  # 180 + 19.561 - 163.535
    assert found.market_cap is not None
    assert found.market_cap.accessions == ("acc-2025-03-20",)
    assert figures(rows, dt.date(2025, 10, 1)).enterprise_value_usd is None


def test_value_in_force_is_curated_then_the_one_filed_last_then_the_starter_data() -> None:
    starter = fact("cash", "", "2025-06-30", 1, "2025-09-01", source="starter")
    original = fact("cash", "", "2025-06-30", 2, "2025-08-01")
    restated = fact("cash", "", "2025-06-30", 3, "2025-08-20", form="10-Q/A")
    curated = fact("cash", "", "2025-06-30", 4, "2025-08-10", form="curated", source="analyst")

    def held(rows: list[Fact], day: dt.date) -> Decimal:
        return in_force(rows, day)["cash"][None, dt.date(2025, 6, 30)].value

    autumn = dt.date(2025, 10, 1)
    assert held([starter], autumn) == 1
    assert held([starter, original], autumn) == 2
    assert held([starter, original, restated], autumn) == 3
    assert held([starter, original, restated, curated], autumn) == 4
    assert held([starter, original, restated, curated], dt.date(2025, 8, 9)) == 2


def test_facts_of_the_shell_before_history_starts_are_left_out() -> None:
    rows = [fact("cash", "", "2025-03-31", 5, "2025-05-01"), fact("assets", "", "2025-03-31", 6, "2025-05-01")]
    assert figures(rows, SUMMER).liquid_funds is not None
    assert figures(rows, SUMMER, history_starts=dt.date(2025, 4, 1)).liquid_funds is None


def test_end_of_day_is_midnight_in_new_york() -> None:
    assert end_of(dt.date(2025, 7, 1)) == dt.datetime(2025, 7, 2, 4, tzinfo=dt.UTC)
    assert end_of(dt.date(2025, 12, 1)) == dt.datetime(2025, 12, 2, 5, tzinfo=dt.UTC)


@given(seed=st.integers(), extra=st.integers(min_value=-(10**9), max_value=10**9))
@settings(deadline=None, max_examples=40)
def test_figures_depend_neither_on_row_order_nor_on_later_facts(seed: int, extra: int) -> None:
    day = dt.date(2025, 9, 30)
    shuffled = [*ABEONA, *LIFECORE[:0], fact("cash", "", "2025-06-30", abs(extra), "2025-10-01")]
    random.Random(seed).shuffle(shuffled)
    assert figures(shuffled, day) == figures(ABEONA, day)


DAYS = st.dates(dt.date(2023, 1, 1), dt.date(2026, 12, 31))
CONCEPT_NAMES = ("cash", "assets", "short_term_investments", "long_term_debt", "convertible_debt", OCF, RND)
CONCEPT_NAMES += ("market_cap", "public_float", "liquid_funds")


@st.composite
def facts_of_filings(draw: st.DrawFn) -> Fact:
    """Any fact of any filing: restatements, corrections, other currencies and periods to come among them."""
    end, filed, concept = draw(DAYS), draw(DAYS), draw(st.sampled_from(CONCEPT_NAMES))
    is_flow = concept in (OCF, RND)
    start = end - dt.timedelta(days=draw(st.sampled_from([90, 181, 272, 364, 365]))) if is_flow else None
    return fact(
        concept, start.isoformat() if start else "", end.isoformat(), draw(st.integers(-(10**9), 10**10)),
        filed.isoformat(), form=draw(st.sampled_from(["10-K", "10-Q", "10-K/A", "curated"])),
        unit=draw(st.sampled_from(["USD", "EUR", None])), source=draw(st.sampled_from(["edgar", "starter"])),
    )  # fmt: skip


@given(held=st.lists(facts_of_filings(), max_size=30), later=st.lists(facts_of_filings(), max_size=10), day=DAYS)
@settings(deadline=None, max_examples=150)
def test_figures_of_a_day_do_not_change_when_later_filings_are_added(
    held: list[Fact], later: list[Fact], day: dt.date
) -> None:
    added = [row for row in later if row.available_at >= end_of(day)]
    assert figures([*added, *ABEONA, *held], day) == figures([*ABEONA, *held], day)


def test_a_later_figure_in_another_currency_does_not_hide_the_one_in_usd() -> None:
    rows = [*balance(50, 100), fact("cash", "", "2025-06-30", 45, "2025-08-20", unit="EUR")]
    found = figures(rows, SUMMER)
    assert found.liquid_funds is not None
    assert found.liquid_funds.value == 50


@pytest.mark.parametrize("value", [-1, 10**17])
def test_amounts_below_zero_or_beyond_any_company_are_unknown(value: int) -> None:
    rows = [
        fact("cash", "", "2025-06-30", value, "2025-08-01"),
        fact("long_term_debt", "", "2025-06-30", value, "2025-08-01"),
    ]
    found = figures([*rows, fact("assets", "", "2025-06-30", 1, "2025-08-01"), *BURN], SUMMER)
    assert found.liquid_funds is None
    assert found.total_debt is None
    assert found.runway_quarters is None
    assert found.unknown["liquid_funds"] == found.unknown["total_debt"] == Unknown.IMPLAUSIBLE
