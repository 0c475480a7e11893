"""The control that a better input never lowers its component: each input made better, one at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from scoring.engine import components as c
from scoring.engine import total
from scoring.engine.features import leads
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Programme, State

MOST_COMPANIES = 6
SOON, LONGER = timedelta(days=10), timedelta(days=730)
MORE = Decimal("1.5")
MORE_POINTS, BEST_FIT = Decimal(5), Decimal(10)
EVIDENCE = Evidence("generated")


@dataclass(frozen=True, slots=True)
class Change:
    """A company before and after one of its inputs became better, and the component that it feeds."""

    component: str
    before: CompanyInputs
    after: CompanyInputs


def improvements(inputs: CompanyInputs) -> Iterator[Change]:
    """Yield the changes for the better that the company has room for.

    Only inputs that are known become better: one that becomes known takes the place of the day's median, from which
    the component may well go down.
    """
    yield from _pipeline(inputs)
    yield from _patent(inputs)
    yield from _financial(inputs)
    yield from _regulatory(inputs)
    yield from _corporate(inputs)


def _pipeline(inputs: CompanyInputs) -> Iterator[Change]:
    lead = leads(inputs)
    if not lead:
        return
    # Without milestones: a lead that reaches phase 2 would make its date count, too.
    undated = _with(inputs, [replace(item, next_completion=None) for item in inputs.programmes])
    stages = sorted(c.STAGE, key=c.STAGE.__getitem__)
    place = stages.index(lead[0].phase)
    if place + 1 < len(stages):
        first = leads(undated)[0]
        ahead = [replace(item, phase=stages[place + 1]) if item == first else item for item in undated.programmes]
        yield Change("pipeline", undated, _with(undated, ahead))
    one_more = Programme("generated", None, "phase_2", known_from=inputs.day)
    yield Change("pipeline", undated, _with(undated, [*undated.programmes, one_more]))
    soon = inputs.day + SOON
    nearer = [
        replace(item, next_completion=soon) if item.next_completion and item.next_completion > soon else item
        for item in inputs.programmes
    ]
    yield Change("pipeline", inputs, _with(inputs, nearer))


def _patent(inputs: CompanyInputs) -> Iterator[Change]:
    longer = [
        replace(item, protected_until=item.protected_until + LONGER) if item.protected_until else item
        for item in inputs.programmes
    ]
    yield Change("patent", inputs, _with(inputs, longer))


def _financial(inputs: CompanyInputs) -> Iterator[Change]:
    spending, cap = inputs.research_spending, inputs.market_cap
    if spending is not None and spending.usd > 0:
        yield Change("financial", inputs, replace(inputs, research_spending=Amount(spending.usd * MORE, EVIDENCE)))
    if cap is not None and cap.usd > 0:
        best = Decimal(10) ** c.BEST_SIZE
        yield Change("financial", inputs, replace(inputs, market_cap=Amount((cap.usd * best).sqrt(), EVIDENCE)))


def _regulatory(inputs: CompanyInputs) -> Iterator[Change]:
    if not leads(inputs):
        return
    designated = (
        [replace(item, breakthrough=True) for item in inputs.programmes],
        [replace(item, orphan=True) for item in inputs.programmes],
        [replace(item, fast_track=True) for item in inputs.programmes],
    )
    for held in designated:
        yield Change("regulatory", inputs, _with(inputs, held))
    for name in ("clinical_hold", "complete_response"):
        if name in inputs.states:
            resolved: Mapping[str, State] = {**inputs.states, name: State(False, EVIDENCE)}
            yield Change("regulatory", inputs, replace(inputs, states=resolved))


def _corporate(inputs: CompanyInputs) -> Iterator[Change]:
    for name, found in inputs.corporate.items():
        more = {**inputs.corporate, name: replace(found, points=found.points + MORE_POINTS)}
        yield Change("insider", inputs, replace(inputs, corporate=more))
    if inputs.fit is not None:
        better = replace(inputs.fit, mean=min(inputs.fit.mean + 1, BEST_FIT))
        yield Change("strategic_fit", inputs, replace(inputs, fit=better))


def _with(inputs: CompanyInputs, programmes: Sequence[Programme]) -> CompanyInputs:
    return replace(inputs, programmes=tuple(programmes))


def lowered(universe: Sequence[CompanyInputs], weights: Mapping[str, Decimal]) -> tuple[int, list[str]]:
    """Return how many changes for the better were tried, and the components that one of them lowered.

    Each company in turn changes within the same universe of at most six.
    """
    tried, failed = 0, []
    few = universe[:MOST_COMPANIES]
    for number, inputs in enumerate(few):
        for change in improvements(inputs):
            before = _component([*few[:number], change.before, *few[number + 1 :]], change, weights)
            after = _component([*few[:number], change.after, *few[number + 1 :]], change, weights)
            if before is None or after is None:
                continue
            tried += 1
            if after < before:
                failed.append(change.component)
    return tried, sorted(set(failed))


def _component(universe: list[CompanyInputs], change: Change, weights: Mapping[str, Decimal]) -> Decimal | None:
    scores = total.score_universe(universe, weights).scores
    ours = next(score for score in scores if score.key == change.before.key)
    return ours.components.get(change.component)
