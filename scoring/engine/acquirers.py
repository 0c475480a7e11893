"""How well acquirers fit targets: five terms from 0 to 1 and a fit of ten, with who ranks first for each target.

fit = 10 (.35 T + .10 G + .20 F + .20 C + .15 H). A term without input is left out and the weights of the others are
scaled up to one. Weights and constants are judgement, not fitted [J]; docs/matching.md has the reason of each.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from scoring.engine.features import FOUR_PLACES
from scoring.engine.parties import Acquirer, Cliff, Deal, Relation, Target
from scoring.engine.similarity import (
    ONE,
    ZERO,
    DealShape,
    Portfolio,
    cosine,
    jaccard,
    likeness,
    log_dollars,
    portfolio,
    stage_of,
)
from scoring.engine.wording import short_name

D = Decimal
PRECISION = 28
# In the order in which a match shows them.
WEIGHTS: dict[str, Decimal] = {
    "therapeutic": D("0.35"), "geography": D("0.10"), "capacity": D("0.20"), "cliff": D("0.20"), "history": D("0.15"),
}  # fmt: skip
AREA_SHARE, INDICATION_SHARE = D("0.6"), D("0.4")
# What a buyer pays for the equity, as a multiple of the market cap, and borrows on a year's EBITDA.
PRICE_OF_CAP, EBITDA_TIMES = D("1.65"), D(3)
LEAST_PRICE_USD = D(1)
FEASIBLE_FROM = D("0.5")
CLIFF_YEARS = (D(2), D(7))
DAYS_A_YEAR = D("365.25")
DEAL_YEARS, PRIOR_YEARS = D(5), D(2)
RELATED_FROM = D("0.8")
# Below this weight of known terms a match is ranked after those of which more is known.
ENOUGH_COVERAGE = D("0.5")
TOP_MATCHES = 3
MOST_A_TARGET, MOST_AN_ACQUIRER = 10, 10


@dataclass(frozen=True, slots=True)
class Buyer:
    """An acquirer made ready for a day: its portfolio, the deals of five years and the cliffs of two to seven."""

    acquirer: Acquirer
    portfolio: Portfolio
    deals: tuple[Deal, ...]
    shapes: tuple[DealShape, ...]
    cliffs: tuple[Cliff, ...]
    capacity_usd: Decimal | None

    @property
    def short_name(self) -> str:
        """Return the acquirer's name as a sentence has it."""
        return short_name(self.acquirer.name)

    @classmethod
    def of(cls, acquirer: Acquirer, day: date) -> Buyer:
        """Return the acquirer as of the day."""
        recent = [deal for deal in acquirer.deals if ZERO <= years_between(deal.announced, day) < DEAL_YEARS]
        recent.sort(key=lambda deal: (deal.announced, deal.target))
        first, last = CLIFF_YEARS
        near = [cliff for cliff in acquirer.cliffs if first <= years_between(day, cliff.expires) <= last]
        near.sort(key=lambda cliff: (-cliff.revenue_share, cliff.expires, cliff.drug))
        return cls(
            acquirer=acquirer,
            portfolio=portfolio(acquirer.programmes, acquirer.stated_areas),
            deals=tuple(recent),
            shapes=tuple(DealShape.of(deal) for deal in recent),
            cliffs=tuple(near),
            capacity_usd=_capacity(acquirer),
        )


@dataclass(frozen=True, slots=True)
class Seller:
    """A target made ready: its portfolio, what a purchase of it looks like, and its price net of its own funds."""

    target: Target
    portfolio: Portfolio
    shape: DealShape
    net_price_usd: Decimal | None

    @property
    def short_name(self) -> str:
        """Return the target's name as a sentence has it."""
        return short_name(self.target.name)

    @classmethod
    def of(cls, target: Target) -> Seller:
        """Return the target as it is compared."""
        ours, cap, liquid = portfolio(target.programmes), usd(target.market_cap), usd(target.liquid_funds)
        price = None if cap is None else PRICE_OF_CAP * cap
        lead = ours.lead
        return cls(
            target=target,
            portfolio=ours,
            shape=DealShape(ours.areas, stage_of(lead.phase) if lead else None, log_dollars(price)),
            net_price_usd=None if price is None or liquid is None else max(price - liquid, LEAST_PRICE_USD),
        )


@dataclass(slots=True)
class Match:
    """One pair. `values` holds the terms that have inputs, `fit` is of ten, `coverage` the weight of the known terms.

    `rank` counts the target's acquirers from 1; infeasible ones come last, before them those of which little is known.
    """

    buyer: Buyer
    seller: Seller
    values: Mapping[str, Decimal]
    fit: Decimal
    coverage: Decimal
    similar_deals: Decimal | None
    relations: tuple[Relation, ...]
    rank: int = 0

    @property
    def is_feasible(self) -> bool | None:
        """Return whether the acquirer can pay; None when that is unknown."""
        capacity = self.values.get("capacity")
        return None if capacity is None else capacity >= FEASIBLE_FROM

    @property
    def is_among_best(self) -> bool:
        """Return whether it is one of the best three, by acquirers that can pay as far as is known."""
        return self.rank <= TOP_MATCHES and self.is_feasible is not False

    @property
    def order(self) -> tuple[int, Decimal, str, str]:
        """Return the key that sorts the best match first."""
        return self.group, -self.fit, self.buyer.acquirer.name, self.buyer.acquirer.key

    @property
    def group(self) -> int:
        """Return 0 for a match to rank first, 1 for one of which little is known, 2 for an infeasible one."""
        if self.is_feasible is False:
            return 2
        return 1 if self.coverage < ENOUGH_COVERAGE else 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the terms without input."""
        return tuple(name for name in WEIGHTS if name not in self.values)

    def weight(self, term: str) -> Decimal:
        """Return the weight of a term among the known ones; 0 for one that is left out."""
        return WEIGHTS[term] / self.coverage if term in self.values else ZERO


def usd(amount: object) -> Decimal | None:
    """Return the dollars of an amount, None for an unknown or a senseless one."""
    value = getattr(amount, "usd", None)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def years_between(first: date, last: date) -> Decimal:
    """Return the years from the first day to the last, below zero when the first is the later one."""
    return (last - first).days / DAYS_A_YEAR


def _capacity(acquirer: Acquirer) -> Decimal | None:
    liquid, ebitda, debt = usd(acquirer.liquid_funds), usd(acquirer.ebitda), usd(acquirer.debt)
    if liquid is None or ebitda is None or debt is None:
        return None
    return max(liquid + EBITDA_TIMES * ebitda - debt, ZERO)


def therapeutic(buyer: Portfolio, seller: Portfolio) -> Decimal | None:
    """Return T: .6 of the cosine of the areas and .4 of the Jaccard index of the indications; None without areas.

    Where a side states no indication none is known to be in common: silence must not score more than a difference.
    """
    if not buyer.areas or not seller.areas:
        return None
    common = jaccard(buyer.indications.keys(), seller.indications.keys())
    return AREA_SHARE * cosine(seller.areas, buyer.areas) + INDICATION_SHARE * common


def geography(acquirer: Acquirer, target: Target) -> Decimal | None:
    """Return G: the Jaccard index of the regions of trials and approvals; None where a side has none on record."""
    if not acquirer.regions or not target.regions:
        return None
    return jaccard(acquirer.regions, target.regions)


def capacity(buyer: Buyer, seller: Seller) -> Decimal | None:
    """Return F: what the acquirer can spend over the target's price net of its own liquid funds, at most 1."""
    if buyer.capacity_usd is None or seller.net_price_usd is None:
        return None
    return min(buyer.capacity_usd / seller.net_price_usd, ONE)


def cliff(buyer: Buyer, seller: Seller) -> Decimal | None:
    """Return C: the revenue that loses exclusivity in two to seven years, as far as it is of the target's areas."""
    if not buyer.acquirer.cliffs or not seller.portfolio.areas:
        return None
    return min(sum((item.revenue_share * cliff_likeness(item, buyer, seller) for item in buyer.cliffs), ZERO), ONE)


def cliff_likeness(item: Cliff, buyer: Buyer, seller: Seller) -> Decimal:
    """Return the cosine of the drug's area and the target's; of both portfolios where the drug's is not known."""
    areas = seller.portfolio.areas
    return areas.get(item.area, ZERO) if item.area else cosine(areas, buyer.portfolio.areas)


def history(similar: Decimal | None, pooled: Decimal, relations: Sequence[Relation]) -> Decimal | None:
    """Return H: the chance of a deal like this one within a year, at least .8 where the two are related already.

    The yearly rate is the similar deals of five years and two years' worth of the pooled rate, over seven years.
    """
    if similar is None:
        return RELATED_FROM if relations else None
    rate = (similar + PRIOR_YEARS * pooled) / (DEAL_YEARS + PRIOR_YEARS)
    chance = ONE - (-rate).exp()
    return max(chance, RELATED_FROM) if relations else chance


def matches_of(target: Target, buyers: Sequence[Buyer]) -> list[Match]:
    """Return the target's matches with all buyers, best first and ranked. A pair with no known term is no match."""
    seller = Seller.of(target)
    similar = [
        sum((likeness(shape, seller.shape) for shape in buyer.shapes), ZERO) if buyer.acquirer.deals else None
        for buyer in buyers
    ]
    known = [number for number in similar if number is not None]
    pooled = sum(known, ZERO) / len(known) / DEAL_YEARS if known else ZERO
    found = [_match(buyer, seller, number, pooled) for buyer, number in zip(buyers, similar, strict=True)]
    matches = sorted((match for match in found if match is not None), key=lambda match: match.order)
    for rank, match in enumerate(matches, start=1):
        match.rank = rank
    return matches


def _match(buyer: Buyer, seller: Seller, similar: Decimal | None, pooled: Decimal) -> Match | None:
    relations = seller.target.relations.get(buyer.acquirer.key, ())
    terms = {
        "therapeutic": therapeutic(buyer.portfolio, seller.portfolio),
        "geography": geography(buyer.acquirer, seller.target),
        "capacity": capacity(buyer, seller),
        "cliff": cliff(buyer, seller),
        "history": history(similar, pooled, relations),
    }
    values = {name: value.quantize(FOUR_PLACES) for name, value in terms.items() if value is not None}
    if not values:
        return None
    coverage = sum((WEIGHTS[name] for name in values), ZERO)
    fit = 10 * sum((WEIGHTS[name] * value for name, value in values.items()), ZERO) / coverage
    return Match(buyer, seller, values, fit.quantize(FOUR_PLACES), coverage, similar, relations)


def match_universe(
    targets: Iterable[Target],
    acquirers: Iterable[Acquirer],
    *,
    most_a_target: int = MOST_A_TARGET,
    most_an_acquirer: int = MOST_AN_ACQUIRER,
) -> list[list[Match]]:
    """Return for each target, by key, its best matches and those further down that are among their acquirer's best.

    Ranks count all acquirers, whatever is kept. The order of targets and acquirers does not matter.
    """
    buyers_on: dict[date, list[Buyer]] = {}
    sellers = sorted(acquirers, key=lambda acquirer: acquirer.key)
    best: dict[str, list[tuple[int, Decimal, int, Match]]] = {acquirer.key: [] for acquirer in sellers}
    kept: list[list[Match]] = []
    with localcontext(prec=PRECISION):
        for number, target in enumerate(sorted(targets, key=lambda target: target.key)):
            if target.day not in buyers_on:
                buyers_on[target.day] = [Buyer.of(acquirer, target.day) for acquirer in sellers]
            matches = matches_of(target, buyers_on[target.day])
            kept.append(matches[:most_a_target])
            for match in matches:
                heap = best[match.buyer.acquirer.key]
                entry = (-match.group, match.fit, -number, match)
                heapq.heappushpop(heap, entry) if len(heap) == most_an_acquirer else heapq.heappush(heap, entry)
    for _, _, number, match in sorted((entry for heap in best.values() for entry in heap), key=lambda e: e[3].rank):
        if match.rank > most_a_target:
            kept[-number].append(match)
    return kept
