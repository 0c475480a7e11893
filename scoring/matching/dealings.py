"""From the ledger's events to deals, cliffs, ties and premiums, as the engine takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from companies.choices import Phase, TherapeuticArea
from scoring.engine.components import STAGE
from scoring.engine.inputs import Evidence, Programme
from scoring.engine.parties import Cliff, Deal, Relation
from scoring.engine.terms import TIES
from scoring.engine.valuation import Premiums, premiums
from scoring.evidence import as_day
from scoring.matching.ledger import BOUND, DEAL, EXPIRY, STAKES, UNBOUND, number, text
from scoring.matching.names import Names, cik_key, name_key
from scoring.states import Event
from signals_app.offers import OFFER

MILLION = Decimal(1_000_000)
MOST_NAME = 120


@dataclass(frozen=True, slots=True)
class Bought:
    """A company that was bought, as a label knows it."""

    name: str
    cik: str | None


def deals_by_acquirer(
    events: Mapping[UUID, Sequence[Event]], names: Names, bought: Mapping[UUID, Bought], acquirers: Collection[UUID]
) -> dict[UUID, tuple[Deal, ...]]:
    """Return the deals of each acquirer: its own signals, and the labels of targets that name it; each target once.

    `bought` describes the companies with labels. Where both tell of a deal, what one does not say the other adds.
    """
    found: dict[UUID, list[tuple[set[str], Deal]]] = defaultdict(list)
    for company_id in acquirers:
        for event in events.get(company_id, ()):
            if event.type == DEAL and text(event.data, "target"):
                keys = {cik_key(event.data.get("target_cik")), name_key(text(event.data, "target"))}
                _take(found[company_id], keys, _deal(event, text(event.data, "target")), is_first=True)
    for company_id, history in events.items():
        for event in history:
            acquirer = names.find(event.data, "acquirer", event.day) if event.type == OFFER else None
            target = bought.get(company_id)
            if acquirer is not None and target is not None:
                keys = {target.cik or "", name_key(target.name)}
                _take(found[acquirer], keys, _deal(event, target.name), is_first=False)
    return {
        acquirer: tuple(sorted((deal for _, deal in pairs), key=lambda deal: (deal.announced, deal.target)))
        for acquirer, pairs in found.items()
    }


def _take(held: list[tuple[set[str], Deal]], keys: set[str], deal: Deal, *, is_first: bool) -> None:
    keys = keys - {""}
    for index, (known, other) in enumerate(held):
        if known & keys:
            merged = deal if is_first else other
            rest = other if is_first else deal
            filled = replace(
                merged,
                value_usd=merged.value_usd or rest.value_usd,
                areas=merged.areas or rest.areas,
                stage=merged.stage or rest.stage,
            )
            held[index] = known | keys, filled
            return
    held.append((keys, deal))


def _deal(event: Event, target: str) -> Deal:
    value = number(event.data, "value_usd")
    if value is None and (millions := number(event.data, "value_usd_m")) is not None:
        value = millions * MILLION
    areas = event.data.get("areas")
    stage = text(event.data, "stage")
    return Deal(
        announced=event.day,
        target=target[:MOST_NAME],
        value_usd=value if value is not None and value > 0 else None,
        areas=tuple(sorted({area for area in areas if area in TherapeuticArea.values}))
        if isinstance(areas, list)
        else (),
        stage=stage if stage in STAGE else None,
        evidence=event.evidence,
    )


def cliffs(history: Iterable[Event], programmes: Iterable[Programme]) -> tuple[Cliff, ...]:
    """Return an acquirer's losses of exclusivity with a share of revenue, the newest word on each drug.

    A word that names no day or no area takes those of the acquirer's own approved drug of that name: the last day that
    the Orange Book gives it.
    """
    own = _protected(programmes)
    found: dict[str, Cliff] = {}
    for event in history:
        drug, share = text(event.data, "drug"), number(event.data, "revenue_share")
        held = own.get(drug.casefold())
        named = event.data.get("expires")
        expires = as_day(named) if named else held.protected_until if held else None
        if event.type != EXPIRY or not drug or share is None or expires is None or not 0 <= share <= 1:
            continue
        area = text(event.data, "area")
        found[drug.casefold()] = Cliff(
            drug=drug[:MOST_NAME],
            expires=expires,
            revenue_share=share,
            area=area if area in TherapeuticArea.values else held.area if held else None,
            fiscal_year=str(event.data.get("fiscal_year") or "")[:8] or None,
            evidence=event.evidence,
        )
    return tuple(found[drug] for drug in sorted(found))


def _protected(programmes: Iterable[Programme]) -> dict[str, Programme]:
    """Return by name the approved drugs with a known last protected day; of several rows the one protected longest."""
    dated = [item for item in programmes if item.phase == Phase.APPROVED and item.protected_until is not None]
    dated.sort(key=lambda item: (item.protected_until or date.min, item.indication or ""))
    return {item.name.casefold(): item for item in dated}


def ties(history: Iterable[Event], names: Names, day: date) -> dict[str, tuple[Relation, ...]]:
    """Return what binds a target to acquirers on the day, by the acquirer's key: partnerships not ended, and stakes.

    What bound it to a company that an acquirer has bought by then binds it to the acquirer.
    """
    found: dict[UUID, list[Relation]] = defaultdict(list)
    for event in history:
        acquirer = names.find(event.data, "holder" if event.type in STAKES else "partner", day)
        if acquirer is None:
            continue
        held = found[acquirer]
        if event.type == BOUND:
            held[:] = [*(tie for tie in held if not _is_same(tie, event)), _tie(event)]
        elif event.type == UNBOUND:
            held[:] = [tie for tie in held if tie.kind == "stake" or not _ends(event, tie)]
        elif event.type in STAKES:
            held[:] = _stake(event, held)
    return {str(acquirer): tuple(held) for acquirer, held in found.items() if held}


def _tie(event: Event) -> Relation:
    kind = text(event.data, "kind")
    drug = text(event.data, "drug")[:MOST_NAME] or None
    percent = number(event.data, "percent")
    return Relation(kind if kind in TIES else BOUND, event.day, drug, percent, event.evidence)


def _is_same(tie: Relation, event: Event) -> bool:
    again = _tie(event)
    return (tie.kind, (tie.drug or "").casefold()) == (again.kind, (again.drug or "").casefold())


def _ends(event: Event, tie: Relation) -> bool:
    """Return whether the end is about the drug of the tie, or one of the two does not say which."""
    return not event.drug or not tie.drug or event.drug == tie.drug.casefold()


def _stake(event: Event, held: Iterable[Relation]) -> list[Relation]:
    """Return the ties with the stake as it now is: since the first word of it, gone at nothing left."""
    others = [tie for tie in held if tie.kind != "stake"]
    first = next((tie.since for tie in held if tie.kind == "stake"), event.day)
    percent = number(event.data, "percent")
    if percent is not None and percent <= 0:
        return others
    return [*others, Relation("stake", first, None, percent, event.evidence)]


def known_premiums(events: Mapping[UUID, Sequence[Event]]) -> Premiums:
    """Return the quartiles of the premiums over the last close that the labels known by the day tell."""
    told = [
        (event, premium)
        for history in events.values()
        for event in history
        if event.type == OFFER and (premium := number(event.data, "premium_last_close")) is not None
    ]
    sources = ", ".join(sorted({event.evidence.source for event, _ in told}))
    last = max((event.day for event, _ in told), default=None)
    return premiums([premium for _, premium in told], Evidence(f"{sources}: premiums of {len(told)} deals", None, last))
