"""The properties that the score of every universe must have, on generated ones.

Bounds, exact sums, the order of things, and that a better input never lowers a total: market cap alone has an optimum.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scoring.engine.components import CORPORATE_EVENTS, STAGE
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Fit, Points, Programme, State
from scoring.engine.total import CompanyScore, UniverseScore, round_to_sum, score_universe

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
PHASES = [*STAGE, "discontinued"]
STATES = ("breakthrough", "orphan", "fast_track", "clinical_hold", "complete_response")


def amount(usd: str | int) -> Amount:
    return Amount(Decimal(usd), FOUND)


def day_in(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def fit(mean: Decimal | int) -> Fit:
    return Fit(Decimal(mean), "", FOUND)


def points(number: Decimal | int) -> Points:
    return Points(Decimal(number), "", FOUND)


maybe = st.sampled_from([None, True, False])
days_around = st.integers(-2000, 8000).map(day_in)
programmes = st.builds(
    Programme,
    name=st.sampled_from(["P", "Q", "R", "S"]),
    indication=st.sampled_from([None, "X", "Y"]),
    phase=st.sampled_from(PHASES),
    is_active=st.booleans(),
    protected_until=st.none() | days_around,
    approved_on=st.none() | st.integers(-6000, 0).map(day_in),
    is_biologic=maybe,
    is_new_chemical_entity=maybe,
    orphan=maybe,
    fast_track=maybe,
    breakthrough=maybe,
    next_completion=st.none() | days_around,
    known_from=st.none() | st.just(DAY),
)
amounts = st.none() | st.integers(0, 10**13).map(amount) | st.sampled_from(["NaN", "Infinity", "-1"]).map(amount)
companies = st.builds(
    CompanyInputs,
    key=st.just("c"),
    day=st.just(DAY),
    programmes=st.lists(programmes, max_size=4).map(tuple),
    market_cap=amounts,
    research_spending=amounts,
    states=st.dictionaries(st.sampled_from(STATES), st.booleans().map(lambda holds: State(holds, FOUND))),
    corporate=st.dictionaries(
        st.sampled_from(sorted(CORPORATE_EVENTS)), st.decimals(-60, 120, places=6, allow_nan=False).map(points)
    ),
    fit=st.none() | st.decimals(0, 10, places=4, allow_nan=False).map(fit),
)
universes = st.lists(companies, min_size=1, max_size=6).map(
    lambda rows: [replace(row, key=f"c{number}") for number, row in enumerate(rows)]
)
# Of whom everything is known: with it in the universe each component is fed, whatever becomes of the others.
WHOLE = CompanyInputs(
    key="whole",
    day=DAY,
    programmes=(
        Programme("W", "X", "phase_2", protected_until=day_in(3000), next_completion=day_in(90), orphan=False,
                  fast_track=False, breakthrough=False, known_from=DAY),
    ),
    market_cap=amount(10**9),
    research_spending=amount(10**8),
    states={name: State(False, FOUND) for name in STATES},
    corporate={name: points(0) for name in CORPORATE_EVENTS},
    fit=fit(5),
)  # fmt: skip
generated = settings(deadline=None, max_examples=60)


def scored(universe: Sequence[CompanyInputs]) -> UniverseScore:
    return score_universe([*universe, WHOLE], WEIGHTS)


def first(universe: Sequence[CompanyInputs]) -> CompanyScore:
    return scored(universe).scores[0]


def total_of_first(universe: Sequence[CompanyInputs], **changes: Any) -> Decimal:
    return first([replace(universe[0], **changes), *universe[1:]]).total


def holds_of(result: UniverseScore) -> None:
    """Assert what holds of every result."""
    assert abs(sum(result.weights.values()) - 1) < Decimal("1e-20")
    for score in result.scores:
        assert score.baseline + sum(item.points for item in score.contributions) == score.total
        assert all(item.points == item.points.quantize(Decimal("0.0001")) for item in score.contributions)
        assert 0 <= score.total <= 100
        assert 0 <= score.confidence <= 1
        assert all(0 <= value <= 100 for value in score.components.values())
        assert all(0 <= value <= 1 for value in score.coverage.values())
        assert all(item.points == 0 for item in score.contributions if item.is_imputed)
        exact = {item: item.weight * (item.value - item.median) for item in score.contributions}
        assert all(abs(points - item.points) < Decimal("0.0003") for item, points in exact.items())


@given(universes)
@generated
def test_every_universe_stays_in_bounds_and_adds_up(universe: list[CompanyInputs]) -> None:
    holds_of(scored(universe))


@given(universes)
@generated
def test_components_that_nobody_has_an_input_for_carry_no_weight(universe: list[CompanyInputs]) -> None:
    try:
        result = score_universe(universe, WEIGHTS)
    except ValueError:
        assume(False)
    holds_of(result)
    assert set(result.unfed).isdisjoint(result.weights)
    assert {*result.unfed, *result.weights} == set(WEIGHTS)
    for name in result.weights:
        assert any(score.coverage[name] > 0 for score in result.scores)


@given(universes, st.randoms(use_true_random=False))
@generated
def test_order_of_companies_and_programmes_does_not_matter(
    universe: list[CompanyInputs], random_: random.Random
) -> None:
    shuffled = [replace(row, programmes=tuple(random_.sample(row.programmes, len(row.programmes)))) for row in universe]
    random_.shuffle(shuffled)
    assert scored(universe) == scored(shuffled)


NOTHING = {"market_cap": None, "research_spending": None, "programmes": (), "states": {}, "corporate": {}, "fit": None}


@given(universes, st.sampled_from(sorted(NOTHING)))
@generated
def test_missing_input_never_raises_confidence(universe: list[CompanyInputs], name: str) -> None:
    without = [replace(universe[0], **{name: NOTHING[name]}), *universe[1:]]
    assert first(without).confidence <= first(universe).confidence


@given(universes, st.sampled_from(STATES))
@generated
def test_missing_record_of_a_state_never_raises_confidence(universe: list[CompanyInputs], name: str) -> None:
    states = {key: state for key, state in universe[0].states.items() if key != name}
    without = [replace(universe[0], states=states), *universe[1:]]
    assert first(without).confidence <= first(universe).confidence


@given(universes, st.integers(0, 10**11), st.integers(0, 10**11))
@generated
def test_more_research_never_lowers_the_total(universe: list[CompanyInputs], one: int, other: int) -> None:
    less, more = sorted((one, other))
    low = total_of_first(universe, research_spending=amount(less))
    assert low <= total_of_first(universe, research_spending=amount(more))


@given(universes, st.integers(10, 2 * 10**12), st.integers(10, 2 * 10**12))
@generated
def test_market_cap_nearer_to_the_optimum_never_lowers_the_total(
    universe: list[CompanyInputs], one: int, other: int
) -> None:
    far, near = sorted((one, other), key=lambda usd: -abs(math.log10(usd) - 9.4))
    assert total_of_first(universe, market_cap=amount(far)) <= total_of_first(universe, market_cap=amount(near))


@given(universes, st.decimals(0, 10, places=4), st.decimals(0, 10, places=4))
@generated
def test_better_fit_never_lowers_the_total(universe: list[CompanyInputs], one: Decimal, other: Decimal) -> None:
    worse, better = sorted((one, other))
    assert total_of_first(universe, fit=fit(worse)) <= total_of_first(universe, fit=fit(better))


number_of_points = st.decimals(-60, 120, places=6, allow_nan=False)


@given(universes, st.sampled_from(sorted(CORPORATE_EVENTS)), number_of_points, number_of_points)
@generated
def test_more_points_of_an_event_never_lower_the_total(
    universe: list[CompanyInputs], kind: str, one: Decimal, other: Decimal
) -> None:
    less, more = sorted((one, other))
    held = universe[0].corporate
    low = total_of_first(universe, corporate={**held, kind: points(less)})
    assert low <= total_of_first(universe, corporate={**held, kind: points(more)})


IMPROVEMENTS: dict[str, list[Any]] = {
    "phase": [phase for phase in PHASES if phase != "discontinued"],
    "protected_until": [day_in(days) for days in (-100, 900, 3000, 9000)],
    "next_completion": [day_in(days) for days in (-5, 4000, 300, 20, 0)],
    "is_new_chemical_entity": [False, True],
    "is_biologic": [False, True],
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
    whole = WHOLE.programmes[0] if name != "phase" else replace(WHOLE.programmes[0], next_completion=None)
    low = total_of_first(universe, programmes=(replace(whole, **{name: steps[worse]}),))
    assert low <= total_of_first(universe, programmes=(replace(whole, **{name: steps[better]}),))


@given(universes, st.sampled_from(sorted(STAGE)))
@generated
def test_further_programme_of_no_later_stage_never_lowers_pipeline(universe: list[CompanyInputs], phase: str) -> None:
    lead = replace(WHOLE.programmes[0], phase="approved", approved_on=DAY)
    more = replace(WHOLE.programmes[0], name="Z", phase=phase)
    alone = first([replace(universe[0], programmes=(lead,)), *universe[1:]])
    both = first([replace(universe[0], programmes=(lead, more)), *universe[1:]])
    assert alone.components["pipeline"] <= both.components["pipeline"]


@given(universes, st.sampled_from(STATES))
@generated
def test_designation_never_lowers_the_total_and_a_hold_or_refusal_never_raises_it(
    universe: list[CompanyInputs], name: str
) -> None:
    held = universe[0].states
    on = total_of_first(universe, states={**held, name: State(True, FOUND)})
    off = total_of_first(universe, states={**held, name: State(False, FOUND)})
    assert on <= off if name in ("clinical_hold", "complete_response") else on >= off


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
