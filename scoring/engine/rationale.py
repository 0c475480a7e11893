"""Why an acquirer might buy a target, in the words of an analyst: sentences made of the facts behind the terms."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.engine.acquirers import FEASIBLE_FROM, LEAST_PRICE_USD, Match
from scoring.engine.components import STAGE
from scoring.engine.inputs import Programme
from scoring.engine.terms import (
    LABELS,
    Term,
    cliff_words,
    counterparts,
    deal_words,
    likest_deal,
    programme_words,
    relation_words,
    shared_areas,
    telling_cliffs,
)
from scoring.engine.wording import area, dollars, indication_key, listed, possessive, share

MOST_ASSETS = 5
SHOWN_CLIFFS = 2


@dataclass(frozen=True, slots=True)
class Overlap:
    """The acquirer's approved drug and the target's programme in one indication: an antitrust question."""

    approved: Programme
    programme: Programme


@dataclass(frozen=True, slots=True)
class Asset:
    """A drug of the target that matters to the acquirer, and why."""

    programme: Programme
    why: str


def antitrust_overlaps(match: Match) -> tuple[Overlap, ...]:
    """Return where the acquirer has an approved drug in an indication of the target's, the target's furthest first."""
    approved = match.buyer.portfolio.approved
    return tuple(
        Overlap(approved[key][0], found[0])
        for key, found in match.seller.portfolio.indications.items()
        if key in approved
    )


def key_assets(match: Match) -> tuple[Asset, ...]:
    """Return the target's drugs that matter to the acquirer, each drug once, at most five.

    First those that bind the two already, then those in an indication, then in an area that both have, each group by
    stage; the lead alone where there is none.
    """
    related = {relation.drug.casefold() for relation in match.relations if relation.drug}
    both, indications = shared_areas(match), match.buyer.portfolio.indications
    graded: list[tuple[int, Asset]] = []
    for item in match.seller.portfolio.programmes:
        if item.name.casefold() in related:
            graded.append((0, Asset(item, "a tie to the acquirer is about it")))
        elif indication_key(item.indication or "") in indications:
            graded.append((1, Asset(item, f"both work in {item.indication}")))
        elif item.area in both:
            graded.append((2, Asset(item, f"both work in {area(item.area or '')}")))
    graded.sort(key=lambda pair: (pair[0], -STAGE[pair[1].programme.phase], pair[1].programme.name))
    lead = match.seller.portfolio.lead
    if not graded and lead is not None:
        graded.append((3, Asset(lead, "the lead, in a field new to the acquirer")))
    once: dict[str, Asset] = {}
    for _, asset in graded:
        once.setdefault(asset.programme.name.casefold(), asset)
    return tuple(once.values())[:MOST_ASSETS]


def rationale(match: Match, found: tuple[Term, ...]) -> str:
    """Return why, in sentences: what binds the two, overlap, revenue to replace, past deals, means, open questions."""
    sentences = [_relations(match), _overlap(match), _revenue(match), _deals(match), _means(match), _antitrust(match)]
    return " ".join(sentence for sentence in (*sentences, _unknown(found)) if sentence)


def _relations(match: Match) -> str:
    if not match.relations:
        return ""
    acquirer, target = match.buyer.short_name, match.seller.short_name
    ties = listed([relation_words(relation) for relation in match.relations])
    return f"{acquirer} and {target} have ties already: {ties}."


def _overlap(match: Match) -> str:
    acquirer, target = match.buyer.short_name, match.seller.short_name
    ours, theirs = counterparts(match)
    fields = listed([area(name) for name in shared_areas(match)])
    if ours and theirs:
        pair = f"{possessive(target)} {programme_words(ours)} stands beside {possessive(acquirer)}"
        return f"{f'Both work in {fields}: ' if fields else ''}{pair} {programme_words(theirs)}."
    if ours and fields:
        return f"{acquirer} names {fields} among its areas, where {target} has {programme_words(ours)}."
    lead = match.seller.portfolio.lead
    if "therapeutic" in match.values and lead is not None:
        drug = f"{possessive(target)} {programme_words(lead)}"
        return f"{drug} would take {acquirer} into a field where it has no programme."
    return ""


def _revenue(match: Match) -> str:
    telling = telling_cliffs(match) if "cliff" in match.values else []
    if not telling:
        return ""
    drugs = listed([cliff_words(item) for item in telling], most=SHOWN_CLIFFS)
    return f"{match.buyer.short_name} has revenue to replace: exclusivity ends for {drugs}."


def _deals(match: Match) -> str:
    if match.similar_deals is None:
        return ""
    name, day, number = match.buyer.short_name, match.seller.target.day, len(match.buyer.deals)
    deal = likest_deal(match)
    if deal is None:
        return f"{name} announced no acquisition in the five years to {day}."
    if number == 1:
        return f"{name} announced one acquisition in the five years to {day}: {deal_words(deal)}."
    return (
        f"{name} announced {number} acquisitions in the five years to {day}; most like this one was {deal_words(deal)}."
    )


def _means(match: Match) -> str:
    value, spends, price = match.values.get("capacity"), match.buyer.capacity_usd, match.seller.net_price_usd
    if value is None or spends is None or price is None:
        return ""
    name, target = match.buyer.short_name, match.seller.short_name
    if price == LEAST_PRICE_USD:
        return f"{possessive(target)} own liquid funds exceed its price; {name} can raise {dollars(spends)}."
    needs = f"the {dollars(price)} that {target} costs net of its own funds"
    if value < FEASIBLE_FROM:
        return f"Not feasible by its own means: {name} can raise {dollars(spends)}, {share(spends / price)} of {needs}."
    if value < 1:
        return f"{name} can raise {dollars(spends)}, {share(value)} of {needs}; shares or a partner would have to help."
    return f"{name} can raise {dollars(spends)} against {needs}."


def _antitrust(match: Match) -> str:
    found = antitrust_overlaps(match)
    if not found:
        return ""
    said = [
        f"{overlap.approved.name} is approved in {overlap.approved.indication}, where {match.seller.short_name} has "
        f"{programme_words(overlap.programme)}"
        for overlap in found
    ]
    return f"Antitrust question: {possessive(match.buyer.short_name)} {listed(said, most=2)}."


def _unknown(found: tuple[Term, ...]) -> str:
    missing = [LABELS[term.name].lower() for term in found if term.value is None]
    return f"Left out for want of input: {listed(missing, most=len(missing))}." if missing else ""
