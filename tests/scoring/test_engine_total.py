"""The engine: two companies worked out by hand, and the properties that every universe must have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from scoring.engine.components import COMPONENTS
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Programme, State
from scoring.engine.total import CompanyScore, Contribution, score_universe

DAY = dt.date(2026, 6, 30)
WEIGHTS = {
    "pipeline": Decimal("0.30"),
    "patent": Decimal("0.10"),
    "financial": Decimal("0.20"),
    "insider": Decimal("0.10"),
    "strategic_fit": Decimal("0.20"),
    "regulatory": Decimal("0.10"),
}
FOUND = Evidence("test")


def amount(usd: str | int) -> Amount:
    return Amount(Decimal(usd), FOUND)


def scores(*universe: CompanyInputs) -> dict[str, CompanyScore]:
    return {score.key: score for score in score_universe(universe, WEIGHTS).scores}


def contribution(score: CompanyScore, component: str, feature: str) -> Contribution:
    return next(item for item in score.contributions if (item.component, item.feature) == (component, feature))


# Alpha: an orphan drug in phase 3 whose trial completes in 365 days, protected for twelve years; $2.51bn; R&D $100M.
ALPHA = CompanyInputs(
    key="alpha",
    day=DAY,
    programmes=(
        Programme("A-1", "X", "phase_3", protected_until=DAY + dt.timedelta(days=4383), orphan=True,
                  next_completion=DAY + dt.timedelta(days=365)),
        Programme("A-2", "Y", "phase_2"),
        Programme("A-3", "Z", "phase_1"),
    ),
    market_cap=amount(2_511_886_432),
    research_spending=amount(100_000_000),
)  # fmt: skip
# Beta: phase 1 only; no protection, no market cap known; R&D $10M.
BETA = CompanyInputs(
    key="beta", day=DAY, programmes=(Programme("B-1", "X", "phase_1"),), research_spending=amount(10_000_000)
)

# feature: alpha's value, beta's value (None: missing), median
BY_HAND: dict[tuple[str, str], tuple[str, str | None, str]] = {
    ("pipeline", "lead_stage"): ("85", "25", "55"),
    ("pipeline", "breadth"): ("48.6583", "0", "24.3292"),  # 100 (1 - e^(-2/3)); (48.6583 + 0) / 2 = 24.32915
    ("pipeline", "next_completion"): ("36.7879", None, "36.7879"),  # 100 / e
    ("patent", "protected_years"): ("75", None, "75"),  # (12 - 3) / 12
    ("financial", "size"): ("100", None, "100"),  # log10 = 9.4
    ("financial", "research_spending"): ("75", "25", "50"),  # (8 - 6.5) / 2 and (7 - 6.5) / 2
    ("regulatory", "breakthrough"): ("0", "0", "0"),
    ("regulatory", "orphan"): ("100", "50", "50"),  # no record of Beta's: the median of 100 and none
    ("regulatory", "fast_track"): ("0", "0", "0"),
    ("regulatory", "filed_or_approved"): ("0", "0", "0"),
    ("regulatory", "clinical_hold"): ("0", "0", "0"),
    ("regulatory", "complete_response"): ("0", "0", "0"),
}


def test_two_companies_by_hand_have_the_values_and_medians_of_the_table() -> None:
    found = scores(ALPHA, BETA)
    for (component, feature), (alpha, beta, median) in BY_HAND.items():
        ours = contribution(found["alpha"], component, feature)
        theirs = contribution(found["beta"], component, feature)
        assert (ours.value, ours.median) == (Decimal(alpha), Decimal(median)), feature
        assert (theirs.value, theirs.median) == (Decimal(median if beta is None else beta), Decimal(median)), feature


def test_two_companies_by_hand_have_the_totals_of_the_table() -> None:
    found = scores(ALPHA, BETA)
    alpha, beta = found["alpha"], found["beta"]
    # pipeline .50*85 + .25*48.6583 + .25*36.7879; regulatory 40 + .15*100; weights 3/7, 1/7, 2/7, 1/7
    assert alpha.components == {
        "pipeline": Decimal("63.8616"),
        "patent": Decimal("75.0000"),
        "financial": Decimal("87.5000"),
        "regulatory": Decimal("55.0000"),
    }
    assert alpha.total == Decimal("70.9407")  # (3*63.86155 + 75 + 2*87.5 + 55) / 7
    # Beta: pipeline .50*25 + .25*36.787 9; patent 75; financial .50*100 + .50*25; regulatory 40 + .15*50
    assert beta.components["pipeline"] == Decimal("21.6970")
    assert beta.total == Decimal("44.6558")  # (3*21.696975 + 75 + 2*62.5 + 47.5) / 7
    # at the medians: pipeline 42.779275, patent 75, financial 75, regulatory 47.5
    assert alpha.baseline == beta.baseline == Decimal("57.2625")
    # weights x coverage: everything of pipeline, patent, financial; (.15 + .20) / 1.35 of regulatory
    assert alpha.confidence == Decimal("0.8942")
    # 3/7 * .75 + 2/7 * .50 + 1/7 * .20 / 1.35
    assert beta.confidence == Decimal("0.4854")
    assert (alpha.is_ranked, beta.is_ranked) == (True, False)
    assert contribution(alpha, "pipeline", "lead_stage").points == Decimal("6.4286")  # 3/7 * .50 * (85 - 55)
    assert contribution(beta, "financial", "research_spending").points == Decimal("-3.5714")  # 2/7 * .50 * (25 - 50)


def test_components_without_a_source_are_named_and_carry_no_weight() -> None:
    result = score_universe([ALPHA], WEIGHTS)
    assert result.unfed == ("insider", "strategic_fit")
    assert set(result.weights) == {"pipeline", "patent", "financial", "regulatory"}
    assert sum(result.weights.values()) == pytest.approx(Decimal(1))


def test_company_that_knows_nothing_gets_the_medians_of_the_others() -> None:
    found = scores(ALPHA, CompanyInputs("nobody", DAY))
    nobody = found["nobody"]
    assert nobody.total == nobody.baseline
    assert nobody.confidence == 0
    assert not nobody.is_ranked
    assert all(item.is_imputed and item.points == 0 for item in nobody.contributions)


def test_universe_that_knows_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no component that any company has an input for has a weight"):
        score_universe([CompanyInputs("nobody", DAY)], WEIGHTS)


def test_regulatory_is_bounded_and_the_bound_is_a_contribution() -> None:
    star = CompanyInputs(
        "star",
        DAY,
        (Programme("S", None, "approved", orphan=True, fast_track=True, breakthrough=True),),
        states={"clinical_hold": State(False, FOUND), "complete_response": State(False, FOUND)},
    )
    held = CompanyInputs(
        "held", DAY, (Programme("H", None, "phase_1", orphan=False, fast_track=False, breakthrough=False),),
        states={"clinical_hold": State(True, FOUND), "complete_response": State(True, FOUND)},
    )  # fmt: skip
    found = scores(star, held)
    assert found["star"].components["regulatory"] == 100
    assert contribution(found["star"], "regulatory", "bounds").value == -10
    assert found["held"].components["regulatory"] == 0
    assert contribution(found["held"], "regulatory", "bounds").value == 25
    assert_adds_up(found.values())


@pytest.mark.parametrize(
    "weights",
    [
        {"pipeline": Decimal("0.9")},
        {"pipeline": Decimal("1.5"), "patent": Decimal("-0.5")},
        {"insider": Decimal(1)},
        {},
    ],
)
def test_weights_that_make_no_total_are_refused(weights: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="weight"):
        score_universe([ALPHA], weights)


@pytest.mark.parametrize("cap", ["0", "-1", "NaN", "1e-3", "1e16"])
def test_odd_market_caps_have_a_defined_result(cap: str) -> None:
    score = scores(replace(ALPHA, market_cap=amount(cap)))["alpha"]
    assert 0 <= score.total <= 100
    assert contribution(score, "financial", "size").is_imputed is (cap == "NaN")


def test_milestone_in_the_past_scores_zero_and_is_known() -> None:
    past = replace(ALPHA, programmes=(Programme("A", None, "phase_3", next_completion=DAY - dt.timedelta(days=1)),))
    reading = contribution(scores(past)["alpha"], "pipeline", "next_completion")
    assert (reading.value, reading.is_imputed) == (0, False)


def test_discontinued_and_inactive_programmes_do_not_count() -> None:
    programmes = (
        Programme("dead", None, "discontinued"),
        Programme("unknown", None, "phase_3", is_active=False),
        Programme("alive", None, "phase_1"),
    )
    score = scores(replace(ALPHA, programmes=programmes))["alpha"]
    assert contribution(score, "pipeline", "lead_stage").value == 25
    assert contribution(score, "pipeline", "breadth").value == 0


@pytest.mark.parametrize(
    ("lead", "years", "is_assumed"),
    [
        (Programme("L", None, "approved", approved_on=dt.date(2024, 2, 29), orphan=True), "4.6653", False),
        (Programme("L", None, "approved", approved_on=dt.date(2024, 6, 30), is_biologic=True), "10.0014", False),
        (Programme("L", None, "approved", approved_on=dt.date(2024, 6, 29), is_new_chemical_entity=True), "3", False),
        (Programme("L", None, "phase_3", orphan=True), "7.0007", True),
        (Programme("L", None, "phase_3", orphan=True, protected_until=dt.date(2040, 6, 30)), "14.0014", False),
        (Programme("L", None, "approved", orphan=True), None, False),
        (Programme("L", None, "phase_3"), None, False),
        (Programme("L", None, "approved", protected_until=dt.date(2020, 1, 1)), "0", False),
    ],
)  # fmt: skip
def test_protection_is_the_latest_of_patents_and_exclusivities(
    lead: Programme, years: str | None, is_assumed: bool
) -> None:
    other = replace(ALPHA, key="other")
    reading = contribution(scores(replace(ALPHA, programmes=(lead,)), other)["alpha"], "patent", "protected_years")
    assert reading.is_imputed is (years is None)
    if years is not None:
        scale = min(max((float(years) - 3) / 12, 0), 1) * 100
        assert float(reading.value) == pytest.approx(scale, abs=0.01)
        assert reading.is_assumed is is_assumed


def assert_adds_up(results: Sequence[CompanyScore] | object) -> None:
    for score in results:  # type: ignore[attr-defined]
        assert score.baseline + sum(item.points for item in score.contributions) == score.total
        assert all(item.points == item.points.quantize(Decimal("0.0001")) for item in score.contributions)


def test_feature_shares_of_graded_components_sum_to_one() -> None:
    for component in COMPONENTS:
        if component.name not in ("regulatory", "insider"):
            assert sum(feature.share for feature in component.features) == 1
