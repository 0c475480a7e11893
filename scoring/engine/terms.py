"""The terms of a match as they are shown: value, weight, what it rests on in words, and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.engine.acquirers import (
    CLIFF_YEARS,
    DEAL_YEARS,
    EBITDA_TIMES,
    PRICE_OF_CAP,
    WEIGHTS,
    Match,
    cliff_likeness,
    usd,
    years_between,
)
from scoring.engine.inputs import Amount, Evidence, Programme
from scoring.engine.parties import Cliff, Deal, Relation
from scoring.engine.similarity import cosine, likeness
from scoring.engine.wording import REGIONS, STAGES, area, dollars, listed, share, short_name

SIX_PLACES = Decimal("0.000001")
LABELS: dict[str, str] = {
    "therapeutic": "Therapeutic overlap",
    "geography": "Geography",
    "capacity": "Financial capacity",
    "cliff": "Revenue to replace",
    "history": "Deal history",
}
# What binds the two, as a sentence has it.
TIES: dict[str, str] = {
    "licence": "a licence agreement",
    "collaboration": "a collaboration",
    "option": "an option agreement",
    "partnership": "a partnership",
    "right_of_first_negotiation": "a right of first negotiation",
    "stake": "a stake",
}
FUNDS = ("liquid_funds", "ebitda", "debt")
FUND_NAMES = {"liquid_funds": "liquid funds", "ebitda": "EBITDA", "debt": "debt", "market_cap": "market cap"}
SHOWN_CLIFFS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One term: `value` from 0 to 1 and None when it is left out, which `words` then explain."""

    name: str
    label: str
    value: Decimal | None
    weight: Decimal
    words: str
    evidence: tuple[Evidence, ...]


def terms(match: Match) -> tuple[Term, ...]:
    """Return all five terms of a match, in the order of their definition, those without input too."""
    readers = {
        "therapeutic": _therapeutic, "geography": _geography, "capacity": _capacity, "cliff": _cliff,
        "history": _history,
    }  # fmt: skip
    found = []
    for name in WEIGHTS:
        words, evidence = readers[name](match)
        value, weight = match.values.get(name), match.weight(name).quantize(SIX_PLACES)
        found.append(Term(name, LABELS[name], value, weight, words, _distinct(evidence) if value is not None else ()))
    return tuple(found)


def _distinct(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple({(item.source, item.url, item.day): item for item in evidence}.values())


def shared_areas(match: Match) -> list[str]:
    """Return the areas that both work in, the one that weighs most first."""
    ours, theirs = match.seller.portfolio.areas, match.buyer.portfolio.areas
    return sorted((name for name in ours if name in theirs), key=lambda name: (-ours[name] * theirs[name], name))


def shared_indications(match: Match) -> list[tuple[Programme, Programme]]:
    """Return by indication that both work in the target's and the acquirer's furthest programme, the target's order."""
    ours, theirs = match.seller.portfolio.indications, match.buyer.portfolio.indications
    return [(found[0], theirs[key][0]) for key, found in ours.items() if key in theirs]


def programme_words(programme: Programme) -> str:
    """Return a drug with its stage and indication, as a sentence has it."""
    return f"{programme.name} ({', '.join(filter(None, (STAGES[programme.phase], programme.indication)))})"


def counterparts(match: Match) -> tuple[Programme | None, Programme | None]:
    """Return the programmes of target and acquirer that overlap most: one indication, else the weightiest area."""
    if both := shared_indications(match):
        return both[0]
    for name in shared_areas(match):
        pair = [
            next((item for item in side.programmes if item.area == name), None)
            for side in (match.seller.portfolio, match.buyer.portfolio)
        ]
        return pair[0], pair[1]
    return None, None


def _proof(programme: Programme | None) -> list[Evidence]:
    return [programme.evidence_of("phase", "approved_on")] if programme else []


def _therapeutic(match: Match) -> tuple[str, list[Evidence]]:
    ours, theirs = match.seller.portfolio, match.buyer.portfolio
    for side, name in ((ours, match.seller.short_name), (theirs, match.buyer.short_name)):
        if not side.areas:
            return f"no active programme of {name} has an area on record", []
    alike = cosine(ours.areas, theirs.areas)
    both = shared_areas(match)
    words = f"areas alike to {alike:.2f}" + (f" ({listed([area(name) for name in both])})" if both else "")
    if ours.indications and theirs.indications:
        common = [pair[0].indication or "" for pair in shared_indications(match)]
        either = len(ours.indications) + len(theirs.indications) - len(common)
        words += f"; {len(common)} of {either} indications in common" + (f" ({listed(common)})" if common else "")
    else:
        words += "; indications are not stated"
    target, acquirer = counterparts(match)
    return words, _proof(target or ours.lead) + _proof(acquirer or theirs.lead)


def _geography(match: Match) -> tuple[str, list[Evidence]]:
    ours, theirs = match.seller.target.regions, match.buyer.acquirer.regions
    for regions, name in ((ours, match.seller.short_name), (theirs, match.buyer.short_name)):
        if not regions:
            return f"no region of a trial or approval of {name} is on record", []
    both = [region for region in REGIONS if region in ours and region in theirs]
    where = f" ({listed([REGIONS[region] for region in both], most=len(REGIONS))})" if both else ""
    words = f"{len(both)} of {len({*ours, *theirs})} regions of trials and approvals in common{where}"
    return words, [side[region] for region in both[:1] for side in (ours, theirs)]


def missing_funds(match: Match) -> list[str]:
    """Return what the capacity lacks, each with whose it is."""
    lacking = [
        (short_name(party.name), name, party.why_unknown.get(name, ""))
        for party, names in ((match.buyer.acquirer, FUNDS), (match.seller.target, ("market_cap", "liquid_funds")))
        for name in names
        if usd(getattr(party, name)) is None
    ]
    return [f"{FUND_NAMES[name]} of {who}{f' ({why.replace("_", " ")})' if why else ''}" for who, name, why in lacking]


def _capacity(match: Match) -> tuple[str, list[Evidence]]:
    lacking = missing_funds(match)
    if lacking:
        return f"not known: {listed(lacking, most=len(lacking))}", []
    acquirer, target = match.buyer.acquirer, match.seller.target
    known: list[Amount | None] = [
        acquirer.liquid_funds, acquirer.ebitda, acquirer.debt, target.market_cap, target.liquid_funds,
    ]  # fmt: skip
    amounts = [amount for amount in known if amount is not None]
    liquid, ebitda, debt, cap, own = (amount.usd for amount in amounts)
    words = (
        f"liquid funds {dollars(liquid)} + {EBITDA_TIMES} × EBITDA {dollars(ebitda)} − debt {dollars(debt)} against "
        f"{PRICE_OF_CAP} × market cap {dollars(cap)} − the target's liquid funds {dollars(own)}"
    )
    return words, [amount.evidence for amount in amounts]


def cliff_words(item: Cliff) -> str:
    """Return a drug that loses exclusivity with its share of revenue and the day."""
    of_year = f" of {item.fiscal_year} revenue" if item.fiscal_year else " of revenue"
    where = f", {area(item.area)}" if item.area else ""
    return f"{item.drug} ({share(item.revenue_share)}{of_year}{where}) on {item.expires}"


def telling_cliffs(match: Match) -> list[Cliff]:
    """Return the cliffs that count for this target, the weightiest first."""
    weighed = [
        (item.revenue_share * cliff_likeness(item, match.buyer, match.seller), item) for item in match.buyer.cliffs
    ]
    return [item for weight, item in sorted(weighed, key=lambda pair: -pair[0]) if weight]


def expiring(match: Match) -> list[str]:
    """Return the acquirer's approved drugs whose protection is known to end in two to seven years, the next one first.

    What they sell is not known, so they do not count; a reader may know.
    """
    first, last = CLIFF_YEARS
    ends: dict[str, date] = {}
    for item in match.buyer.acquirer.programmes:
        if item.phase == "approved" and item.protected_until is not None:
            ends[item.name] = max(item.protected_until, ends.get(item.name, item.protected_until))
    day = match.seller.target.day
    near = sorted((until, name) for name, until in ends.items() if first <= years_between(day, until) <= last)
    return [f"{name} ({until})" for until, name in near]


def _cliff(match: Match) -> tuple[str, list[Evidence]]:
    if "cliff" not in match.values:
        if not match.seller.portfolio.areas:
            return f"no active programme of {match.seller.short_name} has an area on record", []
        words = f"no loss of exclusivity with its share of revenue is on record for {match.buyer.short_name}"
        without = expiring(match)
        return words + (f"; without their shares: {listed(without)}" if without else ""), []
    first, last = CLIFF_YEARS
    telling = telling_cliffs(match)
    if not telling:
        near = match.buyer.cliffs or match.buyer.acquirer.cliffs
        return f"nothing in the target's areas loses exclusivity in {first} to {last} years", [near[0].evidence]
    shown = telling[:SHOWN_CLIFFS]
    words = f"loses exclusivity in {first} to {last} years: {listed([cliff_words(item) for item in telling])}"
    return words, [item.evidence for item in shown]


def deal_words(deal: Deal) -> str:
    """Return a past deal with what is known of it."""
    known = (
        dollars(deal.value_usd) if deal.value_usd else "",
        listed([area(name) for name in deal.areas]),
        STAGES.get(deal.stage or "", ""),
        deal.announced.isoformat(),
    )
    return f"{deal.target} ({', '.join(filter(None, known))})"


def likest_deal(match: Match) -> Deal | None:
    """Return the deal of the last five years that is most like this one, the latest of equals."""
    pairs = zip(match.buyer.deals, match.buyer.shapes, strict=True)
    graded = [(likeness(shape, match.seller.shape), deal.announced, deal.target, deal) for deal, shape in pairs]
    return max(graded, key=lambda item: item[:3])[3] if graded else None


def relation_words(relation: Relation) -> str:
    """Return what binds the two: kind, drug and since when."""
    size = f" of {relation.percent.normalize():f} %" if relation.percent is not None else ""
    on = f" on {relation.drug}" if relation.drug else ""
    return f"{TIES.get(relation.kind, TIES['partnership'])}{size}{on} since {relation.since}"


def _history(match: Match) -> tuple[str, list[Evidence]]:
    parts: list[str] = [relation_words(relation) for relation in match.relations]
    evidence = [relation.evidence for relation in match.relations]
    deal = likest_deal(match)
    if match.similar_deals is None:
        parts.append(f"no deal of {match.buyer.short_name} is on record")
    else:
        parts.append(
            f"{len(match.buyer.deals)} deals announced in {DEAL_YEARS} years, {match.similar_deals:.1f} by likeness"
            + (f", the likest {deal_words(deal)}" if deal else "")
        )
        evidence += [deal.evidence] if deal else [match.buyer.acquirer.deals[-1].evidence]
    return "; ".join(parts), evidence
