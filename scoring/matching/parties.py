"""The door from the database to the matching: targets and acquirers as known by the end of a day, in fixed queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from companies.choices import Phase
from companies.identity import Identities
from companies.models import Company
from scoring.engine.inputs import Evidence
from scoring.engine.parties import Acquirer, Deal, Target
from scoring.engine.valuation import Premiums
from scoring.matching.dealings import Bought, cliffs, deals_by_acquirer, known_premiums, ties
from scoring.matching.funds import Funds, funds_of
from scoring.matching.ledger import events_of
from scoring.matching.names import Names
from scoring.matching.regions import regions_of
from scoring.matching.universe import Side, sides
from scoring.states import Event
from signals_app.offers import OFFER


@dataclass(frozen=True, slots=True)
class Parties:
    """Who could buy whom on the day, and what comparable deals paid over the last close."""

    day: date
    targets: tuple[Target, ...]
    acquirers: tuple[Acquirer, ...]
    premiums: Premiums


def parties(day: date) -> Parties:
    """Return the targets in the universe of the day and the acquirers, as known by its end.

    Whoever is under offer that day is neither. The number of queries does not depend on how many companies there are.
    """
    sellers, buyers = sides(day)
    ids, buyer_ids = {side.key for side in (*sellers, *buyers)}, {side.key for side in buyers}
    same = Identities.load()
    events = events_of(day, targets=ids - buyer_ids, acquirers=buyer_ids, same=same)
    known = _Known(
        day=day,
        events=events,
        names=Names.of(buyers),
        regions=regions_of(day, ids, same),
        funds=funds_of(day, (*sellers, *buyers), acquirers=buyer_ids, same=same),
    )
    deals = deals_by_acquirer(events, known.names, _bought(events), buyer_ids)
    return Parties(
        day=day,
        targets=tuple(_target(side, known) for side in sellers),
        acquirers=tuple(_acquirer(side, deals.get(side.key, ()), known) for side in buyers),
        premiums=known_premiums(events),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    day: date
    events: Mapping[UUID, Sequence[Event]]
    names: Names
    regions: Mapping[UUID, Mapping[str, Evidence]]
    funds: Mapping[UUID, Funds]

    def regions_of(self, side: Side) -> Mapping[str, Evidence]:
        """Return the regions of trials and approvals: a drug approved on a day or under a number is the FDA's."""
        found = dict(self.regions.get(side.key, {}))
        for item in side.programmes:
            if item.phase == Phase.APPROVED and (item.approved_on is not None or item.is_biologic is not None):
                found.setdefault("US", item.evidence_of("approved_on", "phase"))
        return found


def _bought(events: Mapping[UUID, Sequence[Event]]) -> dict[UUID, Bought]:
    """Return the companies that labels say were bought."""
    ids = [key for key, history in events.items() if any(event.type == OFFER for event in history)]
    rows = Company.all_objects.filter(pk__in=ids).values_list("pk", "name", "cik")
    return {key: Bought(name, cik) for key, name, cik in rows}


def _target(side: Side, known: _Known) -> Target:
    funds = known.funds[side.key]
    return Target(
        key=str(side.key),
        name=side.name,
        day=known.day,
        ticker=side.ticker,
        programmes=side.programmes,
        regions=known.regions_of(side),
        market_cap=side.market_cap,
        liquid_funds=funds.liquid_funds,
        debt=funds.debt,
        relations=ties(known.events.get(side.key, ()), known.names, known.day),
        why_unknown={**funds.why_unknown, **({"market_cap": side.why_no_cap} if side.why_no_cap else {})},
    )


def _acquirer(side: Side, deals: tuple[Deal, ...], known: _Known) -> Acquirer:
    funds = known.funds[side.key]
    return Acquirer(
        key=str(side.key),
        name=side.name,
        ticker=side.ticker,
        programmes=side.programmes,
        stated_areas=side.stated_areas,
        regions=known.regions_of(side),
        liquid_funds=funds.liquid_funds,
        ebitda=funds.ebitda,
        debt=funds.debt,
        deals=deals,
        cliffs=cliffs(known.events.get(side.key, ()), side.programmes),
        why_unknown=funds.why_unknown,
    )
