"""What matching is told of targets and acquirers on a day: what was public by then, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from scoring.engine.inputs import Amount, Evidence, Programme

NOT_RECORDED = Evidence("not recorded")


@dataclass(frozen=True, slots=True)
class Deal:
    """An acquisition that an acquirer announced. None or () = the sources do not say; `value_usd` in dollars."""

    announced: date
    target: str
    value_usd: Decimal | None = None
    areas: tuple[str, ...] = ()
    stage: str | None = None
    evidence: Evidence = NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Cliff:
    """A drug of an acquirer that loses exclusivity, and its share (0 to 1) of the revenue of a fiscal year."""

    drug: str
    expires: date
    revenue_share: Decimal
    area: str | None = None
    fiscal_year: str | None = None
    evidence: Evidence = NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Relation:
    """What binds an acquirer and a target: a licence, collaboration, option, stake or right of first negotiation.

    `percent` is the size of a stake, where the source tells it.
    """

    kind: str
    since: date
    drug: str | None = None
    percent: Decimal | None = None
    evidence: Evidence = NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Acquirer:
    """A possible buyer. `stated_areas` stand in where no programme has an area; `deals` are all that are known."""

    key: str
    name: str
    ticker: str | None = None
    programmes: tuple[Programme, ...] = ()
    stated_areas: tuple[str, ...] = ()
    regions: Mapping[str, Evidence] = field(default_factory=dict)
    liquid_funds: Amount | None = None
    ebitda: Amount | None = None
    debt: Amount | None = None
    deals: tuple[Deal, ...] = ()
    cliffs: tuple[Cliff, ...] = ()
    why_unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A company that could be bought, on a day. `relations` are by the acquirer's key.

    `regions`: where trials ran and drugs are approved (US, EU, JP, CN, other), each with its evidence.
    """

    key: str
    name: str
    day: date
    ticker: str | None = None
    programmes: tuple[Programme, ...] = ()
    regions: Mapping[str, Evidence] = field(default_factory=dict)
    market_cap: Amount | None = None
    liquid_funds: Amount | None = None
    debt: Amount | None = None
    relations: Mapping[str, tuple[Relation, ...]] = field(default_factory=dict)
    why_unknown: Mapping[str, str] = field(default_factory=dict)
