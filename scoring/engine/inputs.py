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
class Programme:
    """One of the company's own drugs in one indication. None = unknown; `protected_until` is the last protected day.

    `is_active` is False for what was terminated or withdrawn or is of unknown status: it does not count.
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
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

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
    that is absent means that no source was read for it, not that there was no event.
    """

    key: str
    day: date
    programmes: tuple[Programme, ...] = ()
    market_cap: Amount | None = None
    research_spending: Amount | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    why_unknown: Mapping[str, str] = field(default_factory=dict)
