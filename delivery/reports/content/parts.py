"""What reports are made of: frozen pieces without a clock or a key, so that the same day gives the same content.

Scores and values are Decimal from 0 to 100, fits from 0 to 10, money is in USD, runway in quarters; None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.engine.total import METHODOLOGY

METHOD = (
    "The score compares companies on inputs that past takeovers had in common: pipeline, patents, size and research "
    "spending, ownership and corporate events, fit with acquirers, regulatory standing. It runs from 0 to 100 and uses "
    "only what was public by the end of its day in New York. It is a ranking, not a probability, and no investment "
    "advice. A missing input counts as the median of the day and is marked; the confidence says how much was known."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of the report: its name, what it gave, and the newest day of that."""

    name: str
    gave: str
    newest: date | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What every report says of itself. `score_day` is None where nothing is scored by the day."""

    report_type: str
    title: str
    day: date
    period_start: date
    period_end: date
    score_day: date | None
    score_version: str | None
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Origin, ...] = ()
    methodology: str = METHODOLOGY
    method: str = METHOD


@dataclass(frozen=True, slots=True)
class Who:
    """A company as reports name it."""

    ticker: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.ticker})" if self.ticker else self.name


@dataclass(frozen=True, slots=True)
class Link:
    """A text with the page where it can be read up, where there is one."""

    text: str
    url: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class DayScore:
    """A total of a day."""

    day: date
    total: Decimal


@dataclass(frozen=True, slots=True)
class ComponentScore:
    """A component with the median over the ranked targets of the day."""

    label: str
    score: Decimal | None
    median: Decimal | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to the total: points above or below the median company, in words, with its source."""

    component: str
    label: str
    detail: str
    points: Decimal
    source: Link
    day: date | None
    is_imputed: bool


@dataclass(frozen=True, slots=True)
class Move:
    """One input that moved a score: by so many points, and why.

    `is_data`: the input became known or went missing: data, and no news of the company.
    """

    label: str
    points: Decimal
    why: str
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A company in the ranking of the day. `rank` is None where it is not ranked; `place_before` on the day compared.

    `moved` holds the largest moves since the earlier score (30 to 40 days ago; in the digest, the ranking before), and
    `own_points` what the company's own values did since then, without medians and without data becoming known.
    `burns` is False for a company that earns cash, which has no runway to run out.
    """

    who: Who
    rank: int | None
    place_before: int | None
    total: Decimal
    percentile: Decimal | None
    confidence: Decimal
    change_30d: Decimal | None
    change_90d: Decimal | None
    market_cap_usd: Decimal | None
    market_cap_is_float: bool
    liquid_usd: Decimal | None
    runway_quarters: Decimal | None
    burns: bool | None
    lead: str | None
    own_points: Decimal | None = None
    history: tuple[DayScore, ...] = ()
    drivers: tuple[Reason, ...] = ()
    risks: tuple[Reason, ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """A signal: the day on which it became known in New York, what it says, and where."""

    day: date
    who: Who
    kind: str
    severity: str
    title: str
    source: Link


@dataclass(frozen=True, slots=True)
class Ahead:
    """A dated event to come."""

    day: date
    who: Who
    kind: str
    title: str
    source: Link


@dataclass(frozen=True, slots=True)
class Fit:
    """A pair of acquirer and target: the fit, its terms (None: no input), the value range and the reason in words.

    `caveat` says which methods of the range give less than the market pays; empty where none does.
    """

    target: Who
    acquirer: Who
    day: date
    rank: int | None
    fit: Decimal
    overlap: Decimal | None
    geography: Decimal | None
    capacity: Decimal | None
    history: Decimal | None
    low_usd: Decimal | None
    mid_usd: Decimal | None
    high_usd: Decimal | None
    is_feasible: bool | None
    rationale: str
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Fits by target (rows) and acquirer (columns), 0 to 10; None where the pair is not among the kept ones."""

    targets: tuple[Who, ...]
    acquirers: tuple[Who, ...]
    cells: tuple[tuple[Decimal | None, ...], ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A company that a reader could look for in vain, and why it is not there."""

    who: Who
    why: str
