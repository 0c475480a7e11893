"""What the engine is told about a company on a day: only what was public by then, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a number comes from: the source, where to read it, the day from which it counts, and identifiers."""

    source: str
    url: str | None = None
    day: date | None = None
    signal_ids: tuple[str, ...] = ()
    accessions: tuple[str, ...] = ()
    match_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """A known amount in USD and its evidence."""

    usd: Decimal
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class State:
    """Whether something holds on the day (a designation, a clinical hold), as the evidence says."""

    holds: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Points:
    """What the events of one type add on the day to the insider component, in its points; 0 = none, and surely none."""

    points: Decimal
    words: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Fit:
    """The mean of the company's best match scores (up to three) on a scale from 0 to 10, and whose they are."""

    mean: Decimal
    words: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Programme:
    """One of the company's own drugs in one indication. None = unknown; `protected_until` is the last protected day.

    `is_active` is False for what was terminated or withdrawn or is of unknown status: it does not count. `known_from`
    is the first day on which a dated source speaks of it; None: no dated source does, so it counts on every day.
    `is_later_state`: the state is one that was recorded after the day; `is_later_row`: the row is, so that each of its
    fields counts as of its own evidence.
    """

    name: str
    indication: str | None
    phase: str
    is_active: bool = True
    protected_until: date | None = None
    approved_on: date | None = None
    is_biologic: bool | None = None
    is_new_chemical_entity: bool | None = None
    orphan: bool | None = None
    fast_track: bool | None = None
    breakthrough: bool | None = None
    next_completion: date | None = None
    known_from: date | None = None
    is_later_state: bool = False
    is_later_row: bool = False
    area: str | None = None
    peak_sales: Amount | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def is_assumed(self) -> bool:
        """Return whether nothing dated vouches for the state on the day."""
        return self.is_later_state or self.known_from is None

    @property
    def title(self) -> str:
        """Return the drug and its indication in words."""
        return f"{self.name} in {self.indication}" if self.indication else self.name

    def evidence_of(self, *names: str) -> Evidence:
        """Return the evidence of the first of these fields that has one."""
        return next((self.evidence[name] for name in names if name in self.evidence), Evidence("not recorded"))


@dataclass(frozen=True, slots=True)
class CompanyInputs:
    """All that the score of one company on one day may depend on. `key` identifies the company and orders ties.

    `states` holds what events say by name: breakthrough, orphan, fast_track, clinical_hold, complete_response. A name
    that is absent means that no source was read for it, not that there was no event; so for the types of `corporate`.
    `market_cap_is_float`: there is no price, and the cover page's public float stands in for the market cap. `ticker`,
    `cik` and `name` are those of the day; they are shown and never scored.
    """

    key: str
    day: date
    programmes: tuple[Programme, ...] = ()
    market_cap: Amount | None = None
    market_cap_is_float: bool = False
    research_spending: Amount | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    corporate: Mapping[str, Points] = field(default_factory=dict)
    fit: Fit | None = None
    why_unknown: Mapping[str, str] = field(default_factory=dict)
    ticker: str | None = None
    cik: str | None = None
    name: str = ""

    @property
    def is_blank(self) -> bool:
        """Return whether nothing at all is known of the company on the day."""
        known = self.programmes, self.market_cap, self.research_spending, self.states, self.corporate, self.fit
        return not any(known)
