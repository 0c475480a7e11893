"""How alike two portfolios, or a past deal and a target, are: areas weighted by stage, indications, stage and size.

Numbers from 0 to 1. Every sum runs in a fixed order, so that the order of programmes or deals changes no digit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from scoring.engine.components import HUNDRED, STAGE
from scoring.engine.inputs import Programme
from scoring.engine.parties import Deal
from scoring.engine.wording import indication_key

ZERO, ONE = Decimal(0), Decimal(1)
APPROVED = "approved"
# A deal of which nothing but its existence is known counts half. [J]
UNKNOWN_LIKENESS = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Active programmes, furthest first. `areas`: their stages summed by area, brought to length one.

    `indications` and `approved` (of approved drugs alone) give the programmes by indication, as it is compared.
    """

    programmes: tuple[Programme, ...]
    areas: Mapping[str, Decimal]
    indications: Mapping[str, tuple[Programme, ...]]
    approved: Mapping[str, tuple[Programme, ...]]

    @property
    def lead(self) -> Programme | None:
        """Return the furthest programme, the first by name of several."""
        return self.programmes[0] if self.programmes else None


def portfolio(programmes: Iterable[Programme], stated_areas: Iterable[str] = ()) -> Portfolio:
    """Return the portfolio of a company; the stated areas weigh the same each where no programme has an area."""
    active = sorted(
        (item for item in programmes if item.is_active and item.phase in STAGE),
        key=lambda item: (-STAGE[item.phase], item.name, item.indication or "", item.area or ""),
    )
    sums: dict[str, Decimal] = {}
    for item in active:
        if item.area:
            sums[item.area] = sums.get(item.area, ZERO) + STAGE[item.phase]
    by_indication: dict[str, list[Programme]] = {}
    for item in active:
        if key := indication_key(item.indication or ""):
            by_indication.setdefault(key, []).append(item)
    approved = {key: [item for item in found if item.phase == APPROVED] for key, found in by_indication.items()}
    return Portfolio(
        programmes=tuple(active),
        areas=of_length_one(sums or dict.fromkeys(stated_areas, ONE)),
        indications={key: tuple(found) for key, found in by_indication.items()},
        approved={key: tuple(found) for key, found in approved.items() if found},
    )


def of_length_one(weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the vector scaled to length one, its names in order; empty for no vector at all."""
    length = sum((weights[name] ** 2 for name in sorted(weights)), ZERO).sqrt()
    return {name: weights[name] / length for name in sorted(weights)} if length else {}


def cosine(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> Decimal:
    """Return the cosine of two vectors of length one."""
    return min(sum((weight * theirs[name] for name, weight in ours.items() if name in theirs), ZERO), ONE)


def jaccard(ours: Collection[str], theirs: Collection[str]) -> Decimal:
    """Return how many of the names of either side both have, as a share; 0 when neither has one. No name twice."""
    few, many = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    both = sum(name in many for name in few)
    either = len(few) + len(many) - both
    return Decimal(both) / either if either else ZERO


@dataclass(frozen=True, slots=True)
class DealShape:
    """What a purchase is compared by: areas of length one ({} = unknown), stage (0 to 100), power of ten of its USD."""

    areas: Mapping[str, Decimal]
    stage: Decimal | None
    log_value: Decimal | None

    @classmethod
    def of(cls, deal: Deal) -> DealShape:
        """Return the shape of a past deal."""
        return cls(of_length_one(dict.fromkeys(deal.areas, ONE)), stage_of(deal.stage), log_dollars(deal.value_usd))


def stage_of(phase: str | None) -> Decimal | None:
    """Return the stage on its scale from 0 to 100, None for one that is not on it."""
    return None if phase is None else STAGE.get(phase)


def log_dollars(amount: Decimal | None) -> Decimal | None:
    """Return the power of ten of an amount, None for an unknown one or none at all."""
    return amount.log10() if amount is not None and amount.is_finite() and amount > 0 else None


def likeness(past: DealShape, wanted: DealShape) -> Decimal:
    """Return how like a purchase a past one was: the mean of area, stage and size, as far as both are known.

    Area: the cosine. Stage: 1 less the distance of the stages. Size: 1 less the distance in powers of ten, at least 0.
    """
    total, known = ZERO, 0
    if past.areas and wanted.areas:
        total, known = cosine(past.areas, wanted.areas), 1
    if past.stage is not None and wanted.stage is not None:
        total, known = total + ONE - abs(past.stage - wanted.stage) / HUNDRED, known + 1
    if past.log_value is not None and wanted.log_value is not None:
        total, known = total + max(ONE - abs(past.log_value - wanted.log_value), ZERO), known + 1
    return total / known if known else UNKNOWN_LIKENESS
