"""The rows of the universe files: pure, lines in, frozen dataclasses out. README.md describes the files.

Every function raises ParseError with file, line and reason for a row that cannot be taken.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from companies.starter.trials import PHASES, STATUSES
from signals_app.ingest.universe.cells import RowReader

NCT_ID = re.compile(r"NCT\d{8}")
APPLICATION = re.compile(r"(?:NDA|BLA|ANDA)\d{6}")
ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
CONCEPT = re.compile(r"[a-z][a-z0-9_]{0,63}")
OUTCOMES = {"APPROVED", "TENTATIVE_APPROVAL"}
CLASSES = {"ORIG", "SUPPL"}
NOT_NEGATIVE = frozenset({"assets", "cash", "short_term_investments", "long_term_debt", "shares_outstanding"})
LONGEST_NAME = 255
LONGEST_INDICATION = 500


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company with its market cap, in dollars, as of the last day of the month that the file names."""

    line: int
    ticker: str
    cik: str
    name: str
    market_cap_usd: Decimal | None
    market_cap_as_of: date | None


@dataclass(frozen=True, slots=True)
class FactRow:
    """A reported figure of a period, known from `filed` on. The file has no unit."""

    line: int
    ticker: str
    cik: str
    concept: str
    start: date | None
    end: date
    value: Decimal
    filed: date
    form: str
    accession: str


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """One arm of a registered trial: what was given, for which condition, the trial's phase and status."""

    line: int
    ticker: str
    nct_id: str
    drug: str
    indication: str
    phase: str
    status: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The day on which a trial's results were posted. Not a readout."""

    line: int
    ticker: str
    nct_id: str
    phase: str
    posted: date


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """An FDA decision on an application: `ORIG` (original) or `SUPPL` (supplement)."""

    line: int
    ticker: str
    application: str
    drug: str
    submission_class: str
    review: str
    decided: date
    outcome: str
    sponsor: str


def company(row: RowReader) -> CompanyRow:
    """Return a row of companies.csv. The market cap may be empty, its month then too."""
    cap = row.amount("market_cap_usd_approx", negative=False) if row.values["market_cap_usd_approx"].strip() else None
    as_of = _month_end(row) if cap is not None else None
    return CompanyRow(row.line, row.ticker(), row.cik(), row.text("name", LONGEST_NAME), cap, as_of)


def _month_end(row: RowReader) -> date:
    value = row.values["market_cap_as_of"].strip()
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
        year, month = int(value[:4]), int(value[5:])
        if (year, month) > (row.today.year, row.today.month):
            raise row.fault(f"market_cap_as_of {value} is in the future")
        return min(date(year, month, calendar.monthrange(year, month)[1]), row.today)
    return row.day("market_cap_as_of")


def fact(row: RowReader) -> FactRow:
    """Return a row of financial_facts.csv: `start` is empty for a balance."""
    concept = row.match("concept", CONCEPT)
    start = row.day("start") if row.values["start"].strip() else None
    end, filed = row.day("end", future=True), row.day("filed")
    if start is not None and start > end:
        raise row.fault(f"start {start} is after end {end}")
    if end > filed:
        raise row.fault(f"end {end} is after the day of filing, {filed}")
    return FactRow(
        row.line,
        row.ticker(),
        row.cik(),
        concept,
        start,
        end,
        row.amount("value", negative=concept not in NOT_NEGATIVE),
        filed,
        row.text("form", 32),
        row.match("accession", ACCESSION),
    )


def program(row: RowReader) -> ProgramRow:
    """Return a row of programs.csv."""
    return ProgramRow(
        row.line,
        row.ticker(),
        row.match("nct_id", NCT_ID),
        row.text("drug", LONGEST_NAME),
        row.text("indication", LONGEST_INDICATION, required=False),
        row.among("phase", PHASES),
        row.among("status", STATUSES),
    )


def result(row: RowReader) -> ResultRow:
    """Return a row of trial_results_posted.csv."""
    return ResultRow(
        row.line,
        row.ticker(),
        row.match("nct_id", NCT_ID),
        row.text("phase", 32, required=False),
        row.day("results_first_posted"),
    )


def decision(row: RowReader) -> DecisionRow:
    """Return a row of fda_decisions.csv: its `submission_class` is ORIG or SUPPL."""
    return DecisionRow(
        row.line,
        row.ticker(),
        row.match("application_number", APPLICATION),
        row.text("drug", LONGEST_NAME),
        row.among("submission_class", CLASSES),
        row.text("review", 32, required=False),
        row.day("decision_date"),
        row.among("outcome", OUTCOMES),
        row.text("sponsor", LONGEST_NAME, required=False),
    )


# Kind -> its columns and its parser. A file is recognised by its columns, not by its name.
KINDS: dict[str, tuple[tuple[str, ...], Callable[[RowReader], object]]] = {
    "companies": (("ticker", "cik", "name", "market_cap_usd_approx", "market_cap_as_of"), company),
    "facts": (("ticker", "cik", "concept", "start", "end", "value", "filed", "form", "accession"), fact),
    "programs": (("ticker", "nct_id", "drug", "molecule_type", "mechanism", "indication", "phase", "status"), program),
    "results": (("ticker", "nct_id", "phase", "results_first_posted"), result),
    "decisions": (
        (
            "ticker",
            "application_number",
            "drug",
            "submission_type",
            "submission_class",
            "review",
            "decision_date",
            "outcome",
            "sponsor",
        ),
        decision,
    ),
}


def kind_of(columns: tuple[str, ...]) -> str | None:
    """Return which of the files has these columns (further ones may stand beside them); None for none of them."""
    return next((kind for kind, (needed, _) in KINDS.items() if set(needed) <= set(columns)), None)


def why_unknown(columns: tuple[str, ...]) -> str:
    """Return what keeps a file from being one of ours: the columns missing from the nearest kind."""
    nearest, missing = min(
        ((kind, [name for name in needed if name not in columns]) for kind, (needed, _) in KINDS.items()),
        key=lambda found: len(found[1]) / len(KINDS[found[0]][0]),
    )
    if len(missing) == len(KINDS[nearest][0]):
        return "is not the header of a universe file"
    return f"is not the header of a universe file; for {nearest} it lacks {', '.join(missing)}"
