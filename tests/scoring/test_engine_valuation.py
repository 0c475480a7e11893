"""Valuation: each method worked out by hand, the median over those that have inputs, and what always holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.components import STAGE
from scoring.engine.inputs import Amount, Evidence, Programme
from scoring.engine.likelihood import likelihood_of_approval
from scoring.engine.parties import Target
from scoring.engine.valuation import PUBLISHED_PREMIUMS, Premiums, premiums, risk_adjusted, value

DAY = dt.date(2026, 6, 30)
FOUND = Evidence("test")
PUBLISHED = premiums([])


def amount(usd: int | str) -> Amount:
    return Amount(Decimal(usd), FOUND)


PHASE_3 = Programme("V-1", "Asthma", "phase_3", area="respiratory")
TARGET = Target(
    key="v", name="Vee", day=DAY, programmes=(PHASE_3,), market_cap=amount(1_000_000_000),
    liquid_funds=amount(400_000_000), debt=amount(150_000_000),
)  # fmt: skip


def test_premium_alone_is_the_cap_at_the_published_quartiles() -> None:
    found = value(Target(key="v", name="Vee", day=DAY, market_cap=amount(500_000_000)), PUBLISHED)
    assert (found.low, found.mid, found.high) == (605_000_000, 710_000_000, 885_000_000)
    assert [method.name for method in found.methods] == ["premium"]
    assert dict(found.left_out) == {
        "stage_comparables": "no active programme is on record", "rnpv": "no peak sales are sourced",
    }  # fmt: skip


def test_range_is_the_median_over_the_methods_with_inputs() -> None:
    # premium: 1210, 1420, 1770; phase 3 deals: 1656 + 400 - 150 = 1906 ($m); two methods: the mean of both
    found = value(TARGET, PUBLISHED)
    assert {method.name: (method.low, method.mid, method.high) for method in found.methods} == {
        "premium": (1_210_000_000, 1_420_000_000, 1_770_000_000),
        "stage_comparables": (1_906_000_000,) * 3,
    }
    assert (found.low, found.mid, found.high) == (1_558_000_000, 1_663_000_000, 1_838_000_000)


BILLION = 1_000_000_000
# The deals of the stage give $1,906m (above). Medians in $m at a cap of 2,000: 2,163, 2,373, 2,723; at 3,000: 2,768,
# 3,083, 3,608; at 5,000: 3,978, 4,503, 5,378; at 10,000: 7,003, 8,053, 9,803.
GIVES = "Deals of the stage ($1.9bn): below the market cap of"
START = "An offer would start from the market cap:"


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (1, ""),
        (2, f"{GIVES} $2.0bn. {START} $2.4bn to $3.5bn with a premium."),
        (
            3,
            f"{GIVES} $3.0bn. That takes the low end of the range below what the market pays. "
            f"{START} $3.6bn to $5.3bn with a premium.",
        ),
        (
            5,
            f"{GIVES} $5.0bn. That takes the middle of the range below what the market pays. "
            f"{START} $6.0bn to $8.8bn with a premium.",
        ),
        (
            10,
            f"{GIVES} $10.0bn. That takes the whole of the range below what the market pays. "
            f"{START} $12.1bn to $17.7bn with a premium.",
        ),
    ],
)
def test_range_says_which_methods_give_less_than_the_market_pays(cap: int, words: str) -> None:
    found = value(replace(TARGET, market_cap=amount(cap * BILLION)), PUBLISHED)
    assert (found.market_cap, found.caveat) == (cap * BILLION, words)


def test_premiums_below_nothing_are_said_too_and_no_offer_starts_from_them() -> None:
    known = Premiums((Decimal("-0.3"), Decimal("-0.2"), Decimal("-0.1")), 20, FOUND)
    found = value(replace(TARGET, liquid_funds=None), known)
    assert found.caveat == (
        "Market cap and premium ($700m to $900m): below the market cap of $1.0bn. "
        "That takes the whole of the range below what the market pays."
    )


def test_without_a_market_cap_nothing_is_said_of_it() -> None:
    found = value(replace(TARGET, market_cap=None), PUBLISHED)
    assert (found.market_cap, found.caveat, found.mid) == (None, "", 1_906_000_000)


def test_enterprise_value_needs_funds_and_debt_for_missing_is_not_zero() -> None:
    found = value(replace(TARGET, debt=None), PUBLISHED)
    assert dict(found.left_out)["stage_comparables"] == "not known: debt"
    found = value(replace(TARGET, debt=None, liquid_funds=amount("NaN")), PUBLISHED)
    assert dict(found.left_out)["stage_comparables"] == "not known: liquid funds and debt"


def test_equity_is_never_below_nothing() -> None:
    found = value(replace(TARGET, market_cap=None, debt=amount(9_000_000_000)), PUBLISHED)
    assert (found.low, found.mid, found.high) == (0, 0, 0)


def test_target_of_which_nothing_is_known_has_no_range_and_says_why() -> None:
    found = value(Target(key="x", name="X", day=DAY), PUBLISHED)
    assert (found.low, found.mid, found.high, found.methods) == (None, None, None, ())
    assert set(dict(found.left_out)) == {"premium", "stage_comparables", "rnpv"}


def test_premiums_are_the_ledger_s_from_twenty_deals_on() -> None:
    few = [Decimal(number) / 10 for number in range(19)]
    assert premiums(few).quartiles == PUBLISHED_PREMIUMS
    # 0, .1, … 2.0: the quartiles of 21 values in order are the 6th, 11th and 16th
    known = premiums([Decimal(number) / 10 for number in range(21)], FOUND)
    assert (known.quartiles, known.deals) == ((Decimal("0.5"), Decimal(1), Decimal("1.5")), 21)
    said = value(TARGET, known).methods[0]
    assert (said.low, said.words) == (
        1_500_000_000,
        "market cap $1.0bn with a premium of 50 %, 100 % or 150 %, the quartiles of 21 deals known by then",
    )
    assert premiums([*few, Decimal("NaN"), Decimal(-1)]).deals == 0


@pytest.mark.parametrize(
    ("phase", "area", "indication", "chance"),
    [
        ("phase_3", "respiratory", "Asthma", "0.5237"),  # .578 x .906
        ("phase_2", None, None, "0.1513"),  # .289 x .578 x .906
        ("phase_1", "oncology", "Breast cancer", "0.0530"),  # as published
        ("phase_1", "rare_disease", "Fabry disease", "0.1700"),  # as published
        ("phase_1", "other", "Severe haemophilia A", "0.2390"),  # haematology, as published
        ("phase_3", "oncology", "Breast cancer", "0.4730"),  # .523668 ^ (ln .053 / ln .079) = e^(-.646897 x 1.157253)
        ("approved", "oncology", "Breast cancer", "1.0000"),
    ],
)
def test_likelihood_of_approval_follows_phase_and_group(
    phase: str, area: str | None, indication: str | None, chance: str
) -> None:
    found = likelihood_of_approval(phase, area, indication)
    assert found is not None
    assert found.quantize(Decimal("0.0001")) == Decimal(chance)


def test_nothing_is_published_before_phase_1() -> None:
    assert likelihood_of_approval("preclinical", None, None) is None
    early = replace(TARGET, programmes=(replace(PHASE_3, phase="preclinical", peak_sales=amount(10**9)),))
    assert dict(value(early, PUBLISHED).left_out)["rnpv"] == "peak sales are sourced before phase 1 alone"


def test_risk_adjusted_value_by_hand() -> None:
    # filed: launch in a year; protected for four whole years, so that three of sales remain: 20, 40, 60 % of $1bn
    # at 35 %: 70, 140, 210 ($m) after 2, 3 and 4 years at 10 %: 57.851240 + 105.184072 + 143.432826 = 306.468138
    # times .906 = 277.660133
    drug = replace(PHASE_3, phase="nda_bla", peak_sales=amount(10**9), protected_until=dt.date(2030, 7, 15))
    assert risk_adjusted(drug, DAY, Decimal("0.10")).quantize(Decimal(1)) == Decimal("277660133")
    found = value(replace(TARGET, market_cap=None, programmes=(drug,)), PUBLISHED)
    method = next(method for method in found.methods if method.name == "rnpv")
    assert method.high == Decimal("527660133")  # + 400 - 150


def test_approved_drug_goes_on_from_its_place_on_the_ramp() -> None:
    # approved three years and a day ago, protected for two more: years four and five of the ramp, 80 and 100 %
    drug = replace(
        PHASE_3, phase="approved", approved_on=dt.date(2023, 6, 28), protected_until=dt.date(2028, 7, 30),
        peak_sales=amount(10**9),
    )  # fmt: skip
    # 280 / 1.1 + 350 / 1.21 = 254.545455 + 289.256198
    assert risk_adjusted(drug, DAY, Decimal("0.10")).quantize(Decimal(1)) == Decimal("543801653")


def test_drug_past_its_protection_is_worth_nothing() -> None:
    drug = replace(PHASE_3, phase="approved", protected_until=dt.date(2020, 1, 1), peak_sales=amount(10**9))
    assert risk_adjusted(drug, DAY, Decimal("0.10")) == 0


amounts = st.one_of(st.none(), st.integers(0, 10**13).map(amount))
drugs = st.lists(
    st.builds(
        Programme,
        name=st.sampled_from("AB"),
        indication=st.sampled_from(["Asthma", "Anaemia", None]),
        phase=st.sampled_from(list(STAGE)),
        area=st.sampled_from(["oncology", "other", None]),
        approved_on=st.one_of(st.none(), st.dates(dt.date(1990, 1, 1), dt.date(2027, 1, 1))),
        protected_until=st.one_of(st.none(), st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))),
        peak_sales=amounts,
    ),
    max_size=3,
).map(tuple)


@given(drugs, amounts, amounts, amounts, st.lists(st.decimals(-3, 5, places=2), max_size=25))
@settings(max_examples=200, deadline=None)
def test_low_is_at_most_mid_and_mid_at_most_high(
    programmes: tuple[Programme, ...],
    cap: Amount | None,
    liquid: Amount | None,
    debt: Amount | None,
    known: list[Decimal],
) -> None:
    target = Target(
        key="v", name="V", day=DAY, programmes=programmes, market_cap=cap, liquid_funds=liquid, debt=debt
    )  # fmt: skip
    comparable: Premiums = premiums(known)
    found = value(target, comparable)
    assert len(found.methods) + len(found.left_out) == 3
    for item in (found, *found.methods):
        if item.low is not None:
            assert 0 <= item.low <= item.mid <= item.high  # type: ignore[operator]
