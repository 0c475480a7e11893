"""What every source has in common: what a run was asked, what it found, and which sources there are.

A source's folder holds `parse.py` (pure: lines in, frozen dataclasses out) and a README on the data; `merge` alone
writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from biotech_ma.core.market_day import start_of
from signals_app.ingest.merge.authority import Refusal
from signals_app.ingest.progress import Meter, Progress, Step

# The ones that keep every reject would grow with a wrong file; the count goes on, the list ends here.
MOST_REJECTS_LISTED = 1000

__all__ = [
    "SOURCES", "IngestError", "Outcome", "ParseError", "Progress", "Request", "Run", "Step", "known_from", "source",
]  # fmt: skip


class IngestError(Exception):
    """The run cannot go on: nothing readable, or a file of another format. One clear line; nothing was written."""


class ParseError(ValueError):
    """One row that cannot be taken, with file, line and reason; the rest of the file goes in."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}" if line else f"{file}: {reason}")
        self.file, self.line, self.reason = file, line, reason

    def to_json(self) -> dict[str, Any]:
        """Return the reject as the command prints it."""
        return {"file": self.file, "line": self.line, "reason": self.reason}


@dataclass(frozen=True)
class Request:
    """What a run was asked: where to read, from which day on, which companies, and whether to keep the result."""

    paths: tuple[Path, ...]
    since: date | None = None
    companies: frozenset[str] = frozenset()
    dry_run: bool = False
    # Those of `companies` that a row concerned: a name that stays without one is told to whoever asked.
    met: set[str] = field(default_factory=set, compare=False, repr=False)

    def asks_for(self, *, ticker: str | None, cik: str | None) -> bool:
        """Return whether a company is among those asked for, by ticker or CIK; all are when none was named."""
        return not self.companies or bool(self._named(ticker, cik))

    def wants(self, *, ticker: str | None, cik: str | None) -> bool:
        """Return whether a row is of a company asked for, and note that there was one."""
        self.met.update(self._named(ticker, cik))
        return self.asks_for(ticker=ticker, cik=cik)

    def _named(self, ticker: str | None, cik: str | None) -> set[str]:
        return {name for name in ((ticker or "").upper(), cik or "") if name in self.companies}

    def is_early(self, day: date) -> bool:
        """Return whether a day lies before the first one asked for."""
        return self.since is not None and day < self.since


@dataclass
class Outcome:
    """What became of the rows that were read. Each row is counted once: read is the sum of the other five."""

    source: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    rejects: list[ParseError] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    # A live source went down on the way: what came before is in, the rest is for the next run.
    is_cut_short: bool = False
    # What whoever asked should know, though no row is at fault.
    notes: list[str] = field(default_factory=list)
    # Nobody asked for is known, or in the input.
    is_in_vain: bool = False
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)

    def reject(self, error: ParseError, *, counted: bool = True) -> None:
        """Take note of a row that was not taken; `counted=False` for a fault of the file beyond its rows."""
        if counted:
            self.read += 1
            self.rejected += 1
        if len(self.rejects) < MOST_REJECTS_LISTED:
            self.rejects.append(error)

    def count(self, fate: str, rows: int = 1) -> None:
        """Count rows as created, updated, unchanged or skipped."""
        self.read += rows
        setattr(self, fate, getattr(self, fate) + rows)

    def count_all(self, fates: Mapping[str, int] | Counter[str]) -> None:
        """Count rows by fate."""
        for fate, rows in fates.items():
            self.count(fate, rows)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as the command prints it; `refusals` are analysts' values that were kept."""
        counts = ("source", "read", "created", "updated", "unchanged", "skipped", "rejected")
        return {
            **{name: getattr(self, name) for name in counts},
            "rejects": [reject.to_json() for reject in self.rejects],
            "refusals": [str(refusal) for refusal in self.refusals],
        }


Run = Callable[[Request, Progress], Outcome]

# Name on the command line -> module with a `run(request, progress) -> Outcome`.
SOURCES: dict[str, str] = {
    "orangebook": "signals_app.ingest.fda.orangebook.run",
    "drugsfda": "signals_app.ingest.fda.drugsfda.run",
    "clinicaltrials": "signals_app.ingest.clinicaltrials.run",
    "edgar-submissions": "signals_app.ingest.edgar.submissions.run",
    "edgar-tickers": "signals_app.ingest.edgar.tickers.run",
    "edgar-index": "signals_app.ingest.edgar.index.run",
    "edgar-ownership": "signals_app.ingest.edgar.ownership.run",
    "edgar-documents": "signals_app.ingest.edgar.documents.run",
    "events": "signals_app.ingest.events.run",
    "deals": "signals_app.ingest.deals.run",
    "prices": "signals_app.ingest.prices.run",
    "edgar-facts": "signals_app.ingest.xbrl.companyfacts.run",
    "edgar-fsds": "signals_app.ingest.xbrl.fsds.run",
    "universe": "signals_app.ingest.universe.run",
}


def source(name: str) -> Run:
    """Return a source's run; its module is loaded only now."""
    run: Run = import_module(SOURCES[name]).run
    return run


def known_from(day: date) -> datetime:
    """Return the instant from which something counts that a source dates by the day alone."""
    return start_of(day)
