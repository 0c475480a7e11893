"""The five terms and the fit: a pair worked out by hand, who ranks first, and what must hold of every universe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from scoring.engine.acquirers import Match, match_universe
from scoring.engine.inputs import Amount, Evidence, Programme
from scoring.engine.parties import Acquirer, Cliff, Deal, Relation, Target
from scoring.engine.rationale import antitrust_overlaps, key_assets, rationale
from scoring.engine.terms import terms
from scoring.engine.wording import short_name

DAY = dt.date(2026, 6, 30)
FOUND = Evidence("test")


def amount(usd: str | int) -> Amount:
    return Amount(Decimal(usd), FOUND)


def programme(name: str, phase: str, area: str | None = None, indication: str | None = None) -> Programme:
    return Programme(name, indication, phase, area=area, evidence={"phase": Evidence(f"trial of {name}")})


def day(years: int, days: int = 0) -> dt.date:
    return DAY.replace(year=DAY.year + years) + dt.timedelta(days=days)


def matched(targets: Sequence[Target], acquirers: Sequence[Acquirer]) -> list[Match]:
    return [match for found in match_universe(targets, acquirers) for match in found]


def only(target: Target, *acquirers: Acquirer) -> Match:
    return matched([target], acquirers)[0]


# Tee: phase 3 in breast cancer (oncology, 85) and phase 1 in asthma (respiratory, 25); $2bn cap, $300m of its own.
TEE = Target(
    key="tee",
    name="Tee Therapeutics, Inc.",
    day=DAY,
    programmes=(
        programme("T-1", "phase_3", "oncology", "Breast cancer"),
        programme("T-2", "phase_1", "respiratory", "Asthma"),
    ),
    regions={"US": FOUND, "EU": FOUND},
    market_cap=amount(2_000_000_000),
    liquid_funds=amount(300_000_000),
    debt=amount(100_000_000),
)
# Ay: approved in breast cancer, phase 2 in psoriasis (dermatology, 60); $1bn + 3 x $600m - $1.3bn.
AY = Acquirer(
    key="ay",
    name="Ay Pharma plc",
    ticker="AYP",
    programmes=(
        programme("Aymab", "approved", "oncology", "breast cancer (BC)"),
        programme("A-2", "phase_2", "dermatology", "Psoriasis"),
    ),
    regions={"US": FOUND, "JP": FOUND, "EU": FOUND},
    liquid_funds=amount(1_000_000_000),
    ebitda=amount(600_000_000),
    debt=amount(1_300_000_000),
    deals=(
        Deal(day(-1), "Old Onc", Decimal(3_300_000_000), ("oncology",), "phase_3"),
        Deal(day(-2), "Old Skin", Decimal(330_000_000), ("dermatology",), "phase_1"),
        Deal(day(-6), "Ancient"),
    ),
    cliffs=(
        Cliff("Aymab", day(3), Decimal("0.40"), "oncology", "2025"),
        Cliff("Aytinib", day(1), Decimal("0.30"), "oncology", "2025"),
        Cliff("Aydrug", day(9), Decimal("0.20"), "oncology", "2025"),
    ),
)
# A buyer of which deals alone are known: none in five years.
BEE = Acquirer(key="bee", name="Bee Capital", deals=(Deal(day(-7), "Long ago"),))

# T: areas cosine of the areas = 85 x 100 / (sqrt(85² + 25²) sqrt(100² + 60²)) = 8500 / (88.6002 x 116.6190)
#    = .822650; indications: breast cancer of breast cancer, asthma, psoriasis = 1/3; .6 x .822650 + .4 / 3 = .626923
# G: US and EU of US, EU, JP = 2/3
# F: (1.0 + 1.8 - 1.3) / (1.65 x 2.0 - 0.3) = 1.5 / 3.0 = .5
# C: 40 % in three years, oncology = 85/88.6002 = .959366 of the target; the others are too near or too far: .383746
# H: Old Onc: area .959366, stage 1, size 3.3bn against 3.3bn = 1: mean .986455. Old Skin: area 0, stage 1 - .60 = .40,
#    size a tenth = 0: mean .133333. Sum 1.119788 (Ancient is too old). Pooled over two acquirers: 1.119788 / 2 / 5 =
#    .111979 a year. Rate (1.119788 + 2 x .111979) / 7 = .191964; 1 - e^-.191964 = .174664
BY_HAND = {
    "therapeutic": "0.6269", "geography": "0.6667", "capacity": "0.5000", "cliff": "0.3837", "history": "0.1747",
}  # fmt: skip


def test_pair_worked_out_by_hand_has_the_terms_and_the_fit_of_the_table() -> None:
    match = next(match for match in matched([TEE], [AY, BEE]) if match.buyer.acquirer is AY)
    assert match.values == {name: Decimal(value) for name, value in BY_HAND.items()}
    # .35 x .6269 + .10 x .6667 + .20 x .5 + .20 x .3837 + .15 x .1747 = .489030
    assert (match.fit, match.coverage, match.is_feasible) == (Decimal("4.8903"), Decimal(1), True)


def test_acquirer_without_recent_deals_has_the_pooled_rate_and_the_other_terms_are_left_out() -> None:
    match = next(match for match in matched([TEE], [AY, BEE]) if match.buyer.acquirer is BEE)
    # rate 2 x .111979 / 7 = .031994; 1 - e^-.031994 = .031488
    assert match.values == {"history": Decimal("0.0315")}
    assert match.left_out == ("therapeutic", "geography", "capacity", "cliff")
    assert (match.fit, match.coverage, match.weight("history")) == (Decimal("0.3150"), Decimal("0.15"), 1)
    shown = {term.name: term for term in terms(match)}
    assert shown["therapeutic"].value is None
    assert shown["therapeutic"].words == "no active programme of Bee Capital has an area on record"
    assert (
        shown["capacity"].words
        == "not known: liquid funds of Bee Capital, EBITDA of Bee Capital and debt of Bee Capital"
    )
    assert not shown["therapeutic"].evidence


def test_drugs_that_lose_exclusivity_without_a_share_of_revenue_are_named_and_do_not_count() -> None:
    drugs = [
        replace(programme(name, phase, "oncology"), protected_until=until)
        for name, phase, until in (
            ("Later", "approved", day(7, -2)),
            ("Next", "approved", day(1)),
            ("Next", "approved", day(2, 2)),
            ("Too late", "approved", day(7, 3)),
            ("Too soon", "approved", day(2, -2)),
            ("Not sold", "phase_3", day(4)),
        )
    ]
    bare = Acquirer(key="cee", name="Cee Pharma plc", programmes=tuple(drugs))
    term = next(term for term in terms(only(TEE, bare)) if term.name == "cliff")
    assert (term.value, term.evidence) == (None, ())
    assert term.words == (
        "no loss of exclusivity with its share of revenue is on record for Cee Pharma; "
        "without their shares: Next (2028-07-02) and Later (2033-06-28)"
    )


def test_left_out_term_scales_the_weights_of_the_others_to_one() -> None:
    match = only(replace(TEE, liquid_funds=None), AY)
    assert match.left_out == ("capacity",)
    assert sum(term.weight for term in terms(match)) == 1
    # without BEE the pooled rate is 1.119788 / 5 = .223958: rate .223958, H = .200653; weights over .80
    # (.35 x .6269 + .10 x .6667 + .20 x .3837 + .15 x .2007) / .80 = .392930 / .80 = .491163
    assert (match.values["history"], match.fit) == (Decimal("0.2007"), Decimal("4.9116"))


def test_indications_that_one_side_does_not_state_are_not_known_to_be_in_common() -> None:
    silent = replace(TEE, programmes=tuple(replace(item, indication=None) for item in TEE.programmes))
    match = only(silent, AY)
    assert match.values["therapeutic"] == Decimal("0.4936")  # .6 x .82264951
    assert terms(match)[0].words == "areas alike to 0.82 (oncology); indications are not stated"


def test_stated_areas_stand_in_where_no_programme_has_one() -> None:
    # (1, 1)/sqrt 2 against (85, 25)/88.6002: 85 / 88.6002 / 1.414214 = .678374, times .6
    fund = Acquirer(key="fund", name="Fund", stated_areas=("oncology", "immunology"))
    match = only(TEE, fund)
    assert match.values == {"therapeutic": Decimal("0.4070")}
    assert "Fund names oncology among its areas, where Tee Therapeutics has T-1" in rationale(match, terms(match))


@pytest.mark.parametrize(
    ("change", "capacity"),
    [
        ({"liquid_funds": amount(0), "ebitda": amount(-100)}, "0.0000"),  # below nothing is nothing
        ({"liquid_funds": amount(9_000_000_000)}, "1.0000"),
        ({"debt": amount(1_300_000_001)}, "0.5000"),
    ],
)
def test_capacity_stays_within_its_bounds(change: dict[str, Amount], capacity: str) -> None:
    assert only(TEE, replace(AY, **change)).values["capacity"] == Decimal(capacity)


def test_target_with_more_funds_than_price_and_a_cap_of_zero_have_a_capacity_of_one() -> None:
    assert only(replace(TEE, liquid_funds=amount(4_000_000_000)), AY).values["capacity"] == 1
    broke = only(replace(TEE, market_cap=amount(0), liquid_funds=amount(0)), replace(AY, ebitda=amount(0)))
    assert broke.values["capacity"] == 0  # nothing to spend buys nothing, whatever it costs
    assert "own liquid funds exceed its price" in rationale(broke, terms(broke))


def test_amounts_that_are_no_numbers_count_as_unknown() -> None:
    assert "capacity" not in only(replace(TEE, market_cap=amount("NaN")), AY).values
    assert "capacity" not in only(TEE, replace(AY, debt=amount("Infinity"))).values


def test_acquirer_that_cannot_pay_is_marked_and_comes_last_whatever_its_fit() -> None:
    poor = replace(AY, key="poor", name="Poor", ebitda=amount(400_000_000))  # .9 / 3 = .3
    rich = Acquirer(
        key="rich", name="Rich", programmes=(programme("R", "phase_1", "dermatology"),),
        liquid_funds=amount(9_000_000_000), ebitda=amount(0), debt=amount(0),
    )  # fmt: skip
    first, second, third = matched([TEE], [poor, rich, BEE])
    assert [match.buyer.acquirer.key for match in (first, second, third)] == ["rich", "bee", "poor"]
    assert third.fit > first.fit
    assert [match.rank for match in (first, second, third)] == [1, 2, 3]
    assert [match.is_among_best for match in (first, second, third)] == [True, True, False]
    assert "Not feasible by its own means: Poor can raise $900m, 30 % of the $3.0bn that Tee Therapeutics costs" in (
        rationale(third, terms(third))
    )


def test_relation_raises_history_to_four_fifths_and_comes_first() -> None:
    tie = Relation("licence", dt.date(2024, 3, 1), "T-2", evidence=Evidence("filing"))
    bound = replace(TEE, relations={"ay": (tie,)})
    match = only(bound, AY)
    assert match.values["history"] == Decimal("0.8000")
    said = rationale(match, terms(match))
    assert said.startswith(
        "Ay Pharma and Tee Therapeutics have ties already: a licence agreement on T-2 since 2024-03-01."
    )
    assert terms(match)[4].evidence[0] == Evidence("filing")
    assert [asset.programme.name for asset in key_assets(match)] == ["T-2", "T-1"]
    # also where nothing else is known of the acquirer's past
    assert only(bound, replace(AY, deals=())).values["history"] == Decimal("0.8000")


def test_relation_never_lowers_a_history_that_is_higher() -> None:
    tie = Relation("stake", dt.date(2024, 3, 1), percent=Decimal("9.50"))
    keen = replace(AY, deals=tuple(Deal(day(-1, number), f"D{number}", areas=("oncology",)) for number in range(40)))
    free, bound = only(TEE, keen), only(replace(TEE, relations={"ay": (tie,)}), keen)
    assert bound.values["history"] == free.values["history"] > Decimal("0.9")
    assert "a stake of 9.5 % since 2024-03-01" in rationale(bound, terms(bound))


def test_approved_drug_in_the_same_indication_is_an_antitrust_question() -> None:
    match = only(TEE, AY)
    assert [(overlap.approved.name, overlap.programme.name) for overlap in antitrust_overlaps(match)] == [
        ("Aymab", "T-1")
    ]
    assert (
        "Antitrust question: Ay Pharma's Aymab is approved in breast cancer (BC), where Tee Therapeutics has T-1 "
        "(phase 3, Breast cancer)." in rationale(match, terms(match))
    )
    early = replace(AY, programmes=(programme("Aymab", "nda_bla", "oncology", "Breast cancer"),))
    assert antitrust_overlaps(only(TEE, early)) == ()


def test_rationale_is_made_of_the_facts() -> None:
    match = only(TEE, AY)
    assert rationale(match, terms(match)) == " ".join(
        [
            "Both work in oncology: Tee Therapeutics' T-1 (phase 3, Breast cancer) stands beside Ay Pharma's Aymab",
            "(approved, breast cancer (BC)).",
            "Ay Pharma has revenue to replace:",
            "exclusivity ends for Aymab (40 % of 2025 revenue, oncology) on 2029-06-30.",
            "Ay Pharma announced 2 acquisitions in the five years to 2026-06-30;",
            "most like this one was Old Onc ($3.3bn, oncology, phase 3, 2025-06-30).",
            "Ay Pharma can raise $1.5bn, 50 % of the $3.0bn that Tee Therapeutics costs net of its own funds;",
            "shares or a partner would have to help.",
            "Antitrust question: Ay Pharma's Aymab is approved in breast cancer (BC), where Tee Therapeutics has T-1",
            "(phase 3, Breast cancer).",
        ]
    )


def test_only_the_best_of_a_target_and_of_an_acquirer_are_kept_with_ranks_among_all() -> None:
    buyers = [
        Acquirer(key=f"b{stage}", name=f"B{stage}", programmes=(programme("B", stage, "oncology"), other))
        for stage in ("approved", "phase_2", "phase_1")
        for other in [programme("Z", "approved", "neurology")]
    ]
    found = match_universe([TEE], buyers, most_a_target=1, most_an_acquirer=0)
    assert [(match.buyer.acquirer.key, match.rank) for match in found[0]] == [("bapproved", 1)]
    found = match_universe([TEE], buyers, most_a_target=1, most_an_acquirer=1)
    assert [(match.buyer.acquirer.key, match.rank) for match in found[0]] == [
        ("bapproved", 1), ("bphase_2", 2), ("bphase_1", 3),
    ]  # fmt: skip


def test_pair_of_which_nothing_is_known_is_no_match() -> None:
    assert matched([TEE], [Acquirer(key="x", name="Silent")]) == []


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Pfizer Inc.", "Pfizer"),
        ("Eli Lilly and Company", "Eli Lilly"),
        ("Merck & Co., Inc.", "Merck"),
        ("Takeda Pharmaceutical Company Limited", "Takeda Pharmaceutical"),
        ("Swedish Orphan Biovitrum AB (publ)", "Swedish Orphan Biovitrum"),
        ("UCB S.A.", "UCB"),
        ("Inc.", "Inc."),
        ("Sanofi", "Sanofi"),
    ],
)
def test_sentences_use_names_without_their_legal_form(name: str, short: str) -> None:
    assert short_name(name) == short
