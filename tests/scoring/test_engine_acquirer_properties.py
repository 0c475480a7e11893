"""Matching of acquirers: what must hold of every universe."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from companies.choices import TherapeuticArea
from scoring.engine.acquirers import WEIGHTS, Match
from scoring.engine.components import STAGE
from scoring.engine.inputs import Amount, Programme
from scoring.engine.parties import Acquirer, Cliff, Deal, Relation, Target
from scoring.engine.rationale import rationale
from scoring.engine.terms import terms
from tests.scoring.test_engine_acquirers import DAY, FOUND, matched

areas = st.one_of(st.none(), st.sampled_from(TherapeuticArea.values))
dollars = st.one_of(st.none(), st.integers(-(10**9), 10**12).map(lambda value: Amount(Decimal(value), FOUND)))
caps = st.one_of(st.none(), st.integers(0, 10**12).map(lambda value: Amount(Decimal(value), FOUND)))
programmes = st.lists(
    st.builds(
        Programme,
        name=st.sampled_from("PQRS"),
        indication=st.one_of(st.none(), st.sampled_from(["Asthma", "Obesity", "Gout", ""])),
        phase=st.sampled_from([*STAGE, "discontinued"]),
        is_active=st.booleans(),
        area=areas,
    ),
    max_size=4,
).map(tuple)
regions = st.frozensets(st.sampled_from(["US", "EU", "JP", "CN", "other"])).map(
    lambda names: dict.fromkeys(names, FOUND)
)
days = st.dates(dt.date(2016, 1, 1), DAY)
deals = st.lists(
    st.builds(
        Deal,
        announced=days,
        target=st.sampled_from("KLMN"),
        value_usd=st.one_of(st.none(), st.integers(1, 10**11).map(Decimal)),
        areas=st.lists(st.sampled_from(TherapeuticArea.values), max_size=2, unique=True).map(tuple),
        stage=st.one_of(st.none(), st.sampled_from(list(STAGE))),
    ),
    max_size=4,
).map(tuple)
cliffs = st.lists(
    st.builds(
        Cliff,
        drug=st.sampled_from("XYZ"),
        expires=st.dates(dt.date(2026, 1, 1), dt.date(2036, 1, 1)),
        revenue_share=st.integers(0, 100).map(lambda part: Decimal(part) / 100),
        area=areas,
    ),
    max_size=3,
).map(tuple)
acquirers = st.builds(
    Acquirer, key=st.uuids().map(str), name=st.sampled_from(["Ay", "Bee", "Cee"]), programmes=programmes,
    stated_areas=st.lists(st.sampled_from(TherapeuticArea.values), max_size=2, unique=True).map(tuple), regions=regions,
    liquid_funds=caps, ebitda=dollars, debt=caps, deals=deals, cliffs=cliffs,
)  # fmt: skip
targets = st.builds(
    Target, key=st.uuids().map(str), name=st.just("Tee"), day=st.just(DAY), programmes=programmes, regions=regions,
    market_cap=caps, liquid_funds=caps, debt=caps,
)  # fmt: skip
universes = st.tuples(
    st.lists(targets, min_size=1, max_size=3, unique_by=lambda target: target.key),
    st.lists(acquirers, min_size=1, max_size=4, unique_by=lambda acquirer: acquirer.key),
)
Universe = tuple[list[Target], list[Acquirer]]


def shown(matches: Sequence[Match]) -> list[object]:
    return [
        (match.seller.target.key, match.buyer.acquirer.key, match.rank, match.fit, match.values, terms(match),
         rationale(match, terms(match)))
        for match in matches
    ]  # fmt: skip


@given(universes)
@settings(max_examples=150, deadline=None)
def test_terms_and_fits_keep_their_bounds_and_weights_sum_to_one(universe: Universe) -> None:
    for match in matched(*universe):
        assert all(0 <= value <= 1 for value in match.values.values())
        assert 0 <= match.fit <= 10
        assert abs(sum(term.weight for term in terms(match)) - 1) < Decimal("0.00001")
        exact = 10 * sum(WEIGHTS[name] * value for name, value in match.values.items()) / match.coverage
        assert abs(match.fit - exact) <= Decimal("0.00005")
        assert match.is_feasible == (
            None if "capacity" not in match.values else match.values["capacity"] >= Decimal("0.5")
        )


@given(universes, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_order_of_anything_changes_nothing(universe: Universe, chance: random.Random) -> None:
    def shuffled(items: Sequence) -> tuple:  # type: ignore[type-arg]
        return tuple(chance.sample(list(items), len(items)))

    others = [
        replace(item, programmes=shuffled(item.programmes), deals=shuffled(item.deals), cliffs=shuffled(item.cliffs))
        for item in shuffled(universe[1])
    ]
    wanted = [replace(item, programmes=shuffled(item.programmes)) for item in shuffled(universe[0])]
    assert shown(matched(wanted, others)) == shown(matched(*universe))


@given(targets, acquirers, st.sampled_from(["liquid_funds", "regions", "deals", "cliffs"]))
@settings(max_examples=150, deadline=None)
def test_missing_input_takes_its_own_term_and_leaves_the_others_and_their_evidence(
    target: Target, acquirer: Acquirer, name: str
) -> None:
    term = {"liquid_funds": "capacity", "regions": "geography", "deals": "history", "cliffs": "cliff"}[name]
    empty = {"liquid_funds": None, "regions": {}, "deals": (), "cliffs": ()}[name]
    before = {match.rank: match for match in matched([target], [acquirer])}
    after = {match.rank: match for match in matched([target], [replace(acquirer, **{name: empty})])}
    for rank, match in after.items():
        assert term not in match.values
        assert match.coverage <= before[rank].coverage
        held = {found.name: found for found in terms(before[rank])}
        for found in terms(match):
            if found.name != term:
                assert (found.value, found.words, found.evidence) == (
                    held[found.name].value, held[found.name].words, held[found.name].evidence,
                )  # fmt: skip


@given(targets, acquirers, st.integers(0, 10**11), deals, cliffs)
@settings(max_examples=150, deadline=None)
def test_better_input_never_lowers_its_term(
    target: Target, acquirer: Acquirer, more: int, new_deals: tuple[Deal, ...], new_cliffs: tuple[Cliff, ...]
) -> None:
    def plus(held: Amount | None) -> Amount | None:
        return None if held is None else Amount(held.usd + more, FOUND)

    base = {match.rank: match for match in matched([target], [acquirer])}
    if not base:
        return
    values = base[1].values
    better = {
        "capacity": (target, replace(acquirer, liquid_funds=plus(acquirer.liquid_funds), ebitda=plus(acquirer.ebitda))),
        "history": (target, replace(acquirer, deals=acquirer.deals + new_deals if acquirer.deals else ())),
        "cliff": (target, replace(acquirer, cliffs=acquirer.cliffs + new_cliffs if acquirer.cliffs else ())),
    }
    for term, (wanted, buyer) in better.items():
        if term in values:
            assert matched([wanted], [buyer])[0].values[term] >= values[term]
    if "capacity" in values:
        dearer = replace(target, market_cap=plus(target.market_cap))
        assert matched([dearer], [acquirer])[0].values["capacity"] <= values["capacity"]
        owing = replace(acquirer, debt=plus(acquirer.debt))
        assert matched([target], [owing])[0].values["capacity"] <= values["capacity"]
    tied = replace(target, relations={acquirer.key: (Relation("option", DAY),)})
    assert matched([tied], [acquirer])[0].values["history"] >= max(values.get("history", 0), Decimal("0.8"))
