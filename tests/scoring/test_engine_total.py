"""The engine: two companies worked out by hand, and the properties that every universe must have."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.components import FED, STAGE
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Programme, State
from scoring.engine.total import CompanyScore, Contribution, round_to_sum, score_universe

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


def test_universe_that_knows_nothing_scores_fifty_everywhere() -> None:
    only = scores(CompanyInputs("nobody", DAY))["nobody"]
    assert only.total == only.baseline == Decimal("50.0000")
    assert only.confidence == 0
    assert not only.is_ranked
    assert all(item.is_imputed and item.points == 0 for item in only.contributions)


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
    reading = contribution(scores(replace(ALPHA, programmes=(lead,)))["alpha"], "patent", "protected_years")
    assert reading.is_imputed is (years is None)
    if years is not None:
        scale = min(max((float(years) - 3) / 12, 0), 1) * 100
        assert float(reading.value) == pytest.approx(scale, abs=0.01)
        assert reading.is_assumed is is_assumed


def assert_adds_up(results: Sequence[CompanyScore] | object) -> None:
    for score in results:  # type: ignore[attr-defined]
        assert score.baseline + sum(item.points for item in score.contributions) == score.total
        assert all(item.points == item.points.quantize(Decimal("0.0001")) for item in score.contributions)


# --- properties -------------------------------------------------------------------------------------------------------

PHASES = [*STAGE, "discontinued"]
maybe = st.sampled_from([None, True, False])
days_around = st.integers(-2000, 8000).map(lambda days: DAY + dt.timedelta(days=days))
programmes = st.builds(
    Programme,
    name=st.sampled_from(["P", "Q", "R", "S"]),
    indication=st.sampled_from([None, "X", "Y"]),
    phase=st.sampled_from(PHASES),
    is_active=st.booleans(),
    protected_until=st.none() | days_around,
    approved_on=st.none(),
    is_biologic=maybe,
    orphan=maybe,
    fast_track=maybe,
    breakthrough=maybe,
    next_completion=st.none() | days_around,
)
amounts = st.none() | st.integers(0, 10**13).map(amount)
states = st.dictionaries(
    st.sampled_from(["breakthrough", "orphan", "fast_track", "clinical_hold", "complete_response"]),
    st.booleans().map(lambda holds: State(holds, FOUND)),
)
companies = st.builds(
    CompanyInputs,
    key=st.just("c"),
    day=st.just(DAY),
    programmes=st.lists(programmes, max_size=4).map(tuple),
    market_cap=amounts,
    research_spending=amounts,
    states=states,
)
universes = st.lists(companies, min_size=1, max_size=6).map(
    lambda rows: [replace(row, key=f"c{number}") for number, row in enumerate(rows)]
)
generated = settings(deadline=None, max_examples=60)


@given(universes)
@generated
def test_every_universe_stays_in_bounds_and_adds_up(universe: list[CompanyInputs]) -> None:
    result = score_universe(universe, WEIGHTS).scores
    assert_adds_up(result)
    for score in result:
        assert 0 <= score.total <= 100
        assert 0 <= score.confidence <= 1
        assert all(0 <= value <= 100 for value in score.components.values())
        assert all(item.points == 0 for item in score.contributions if item.is_imputed)
        exact = {item: item.weight * (item.value - item.median) for item in score.contributions}
        assert all(abs(points - item.points) < Decimal("0.0003") for item, points in exact.items())


@given(universes, st.randoms(use_true_random=False))
@generated
def test_order_of_companies_and_programmes_does_not_matter(
    universe: list[CompanyInputs], random_: random.Random
) -> None:
    shuffled = [replace(row, programmes=tuple(random_.sample(row.programmes, len(row.programmes)))) for row in universe]
    random_.shuffle(shuffled)
    plain, mixed = score_universe(universe, WEIGHTS), score_universe(shuffled, WEIGHTS)
    assert [score.total for score in plain.scores] == [score.total for score in mixed.scores]
    assert plain == mixed


def first(universe: Sequence[CompanyInputs]) -> CompanyScore:
    return score_universe(universe, WEIGHTS).scores[0]


@given(universes, st.sampled_from(["market_cap", "research_spending", "programmes", "states"]))
@generated
def test_missing_input_never_raises_confidence(universe: list[CompanyInputs], name: str) -> None:
    empty = {"programmes": (), "states": {}}.get(name)
    without = [replace(universe[0], **{name: empty}), *universe[1:]]
    assert first(without).confidence <= first(universe).confidence


@given(universes, st.integers(0, 10**11), st.integers(0, 10**11))
@generated
def test_more_research_never_lowers_the_total(universe: list[CompanyInputs], less: int, more: int) -> None:
    less, more = sorted((less, more))
    low = [replace(universe[0], research_spending=amount(less)), *universe[1:]]
    high = [replace(universe[0], research_spending=amount(more)), *universe[1:]]
    assert first(low).total <= first(high).total


@given(universes, st.integers(10, 2 * 10**12), st.integers(10, 2 * 10**12))
@generated
def test_market_cap_nearer_to_the_optimum_never_lowers_the_total(
    universe: list[CompanyInputs], one: int, other: int
) -> None:
    far, near = sorted((one, other), key=lambda usd: -abs(math.log10(usd) - 9.4))
    low = [replace(universe[0], market_cap=amount(far)), *universe[1:]]
    high = [replace(universe[0], market_cap=amount(near)), *universe[1:]]
    assert first(low).total <= first(high).total


IMPROVEMENTS = {
    "phase": [phase for phase in PHASES if phase != "discontinued"],
    "protected_until": [DAY + dt.timedelta(days=days) for days in (-100, 900, 3000, 9000)],
    "next_completion": [DAY + dt.timedelta(days=days) for days in (-5, 4000, 300, 20, 0)],
    "orphan": [False, True],
    "fast_track": [False, True],
    "breakthrough": [False, True],
}


@given(universes, st.sampled_from(sorted(IMPROVEMENTS)), st.data())
@generated
def test_better_programme_never_lowers_the_total(universe: list[CompanyInputs], name: str, data: st.DataObject) -> None:
    # one programme with its milestone and protection known: an unknown that becomes known may go either way
    steps = IMPROVEMENTS[name]
    worse, better = sorted(data.draw(st.lists(st.integers(0, len(steps) - 1), min_size=2, max_size=2)))
    whole = Programme("P", "X", "phase_2", protected_until=DAY + dt.timedelta(days=5000), next_completion=DAY,
                      orphan=False, fast_track=False, breakthrough=False)  # fmt: skip
    if name == "phase":
        whole = replace(whole, next_completion=None)
    rest = [replace(row, key=f"z{row.key}") for row in universe]
    states = universe[0].states
    low = CompanyInputs("a", DAY, (replace(whole, **{name: steps[worse]}),), states=states)
    high = CompanyInputs("a", DAY, (replace(whole, **{name: steps[better]}),), states=states)
    assert first([low, *rest]).total <= first([high, *rest]).total


@given(universes, st.sampled_from(["clinical_hold", "complete_response"]))
@generated
def test_hold_or_complete_response_never_raises_the_total(universe: list[CompanyInputs], name: str) -> None:
    def with_state(holds: bool) -> list[CompanyInputs]:
        return [replace(universe[0], states={**universe[0].states, name: State(holds, FOUND)}), *universe[1:]]

    assert first(with_state(True)).total <= first(with_state(False)).total


@given(
    st.decimals(0, 100, allow_nan=False, places=12),
    st.lists(st.decimals(-100, 100, allow_nan=False, places=12), max_size=20),
)
@generated
def test_round_to_sum_adds_up_and_stays_near(baseline: Decimal, exact: list[Decimal]) -> None:
    total, shown_baseline, points = round_to_sum(baseline, exact)
    assert shown_baseline + sum(points) == total
    assert total == round(baseline + sum(exact), 4)
    assert shown_baseline == round(baseline, 4)
    assert all(abs(one - other) < Decimal("0.0002") for one, other in zip(exact, points, strict=True))
    assert all(other == 0 for one, other in zip(exact, points, strict=True) if one == 0)


def test_feature_shares_of_graded_components_sum_to_one() -> None:
    for component in FED:
        if component.name != "regulatory":
            assert sum(feature.share for feature in component.features) == 1
