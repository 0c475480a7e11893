"""The kinds of tables that reports have: columns with headings, names and units, rows of plain cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from delivery.reports.content.parts import Ahead, DayScore, Fit, Frame, LeftOut, Link, Move, News, Reason, Standing, Who
from delivery.reports.content.words import history_span

type Cell = str | int | Decimal | dt.date | Who | Link | tuple[DayScore, ...] | None


class Kind(StrEnum):
    """How a column is shown and kept: `points` is signed, `share` from 0 to 1, `spark` a line on pages alone.

    `under` is a text that pages show below the row's company, `below` one that they show across the row's whole width.
    """

    TEXT = "text"
    WHO = "who"
    PLACE = "place"
    SCORE = "score"
    POINTS = "points"
    SHARE = "share"
    MONEY = "money"
    NUMBER = "number"
    DAY = "day"
    SEVERITY = "severity"
    LINK = "link"
    SPARK = "spark"
    UNDER = "under"
    BELOW = "below"


NUMERIC = {Kind.PLACE, Kind.SCORE, Kind.POINTS, Kind.SHARE, Kind.MONEY, Kind.NUMBER}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading on pages, its name in files (with the unit), and how it is shown."""

    heading: str
    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `name` is its sheet's, `empty` what stands there without rows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""


WHO = Column("Company", "company", Kind.WHO)
EARNS = "earns cash"
# A full stop ends a sentence unless it ends an abbreviation, such as Inc.
SENTENCE_END = re.compile(r"(?<!\bInc\.)(?<!\bCorp\.)(?<!\bLtd\.)(?<!\bCo\.)(?<!\bSt\.)(?<=\.) (?=[A-Z])")
SHORT_SENTENCE, LONGEST_GIST = 60, 230
UNRANKED = "Nothing is ranked yet: the command score ranks."
UNMATCHED = "No match was made by this day: the command match makes them."
RANKING_NOTE = (
    "30 days: points since the score of 30 to 40 days earlier. Runway: quarters of liquid funds at the present burn. "
    "Known: share of the inputs by weight; the median stands in for the rest. A dash is unknown, not zero."
)


def about(frame: Frame) -> Table:
    """Return what the report says of itself as a table: day, method, findings, notes, sources."""
    rows: list[tuple[Cell, ...]] = [
        ("Report", frame.title),
        ("Day", frame.day),
        ("Period", f"{frame.period_start} to {frame.period_end}"),
        ("Scores as of", frame.score_day or "nothing is scored"),
        ("Version of the weights", frame.score_version or "none"),
        ("Methodology", frame.methodology),
        ("Method", frame.method),
        *(("Finding", finding) for finding in frame.findings),
        *(("Note", note) for note in frame.notes),
        *(
            ("Source", f"{one.name}: {one.gave}; newest {one.newest or 'unknown'}; {one.url or ''}")
            for one in frame.sources
        ),
    ]
    return Table("About", "About this report", (Column("What", "what"), Column("", "text")), tuple(rows), "")


def standings(rows: Sequence[Standing], *, title: str, empty: str, note: str = "", name: str = "Ranking") -> Table:
    """Return companies as they stand."""
    span = history_span(rows)
    columns = (
        Column("#", "rank", Kind.PLACE),
        WHO,
        Column("Score", "score_0_100", Kind.SCORE),
        Column("30 days", "change_30d_points", Kind.POINTS),
        Column(f"Last {span}" if span else "History", "history", Kind.SPARK),
        Column("Lead programme", "lead_programme", Kind.UNDER),
        Column("Market cap", "market_cap_usd", Kind.MONEY),
        Column("Runway, q", "runway_quarters", Kind.NUMBER),
        Column("Known", "confidence_0_1", Kind.SHARE),
    )
    cells = tuple(
        (
            row.rank, row.who, row.total, row.change_30d, row.history, row.lead, row.market_cap_usd,
            EARNS if row.burns is False else row.runway_quarters, row.confidence,
        )
        for row in rows
    )  # fmt: skip
    return Table(name, title, columns, cells, empty, note)


def movers(rows: Sequence[Standing], *, name: str, title: str, empty: str) -> Table:
    """Return changes with what moved most: by values of the company's own, and in all over 30 days."""
    columns = (
        WHO,
        Column("Score", "score_0_100", Kind.SCORE),
        Column("By news", "own_points", Kind.POINTS),
        Column("30 days", "change_30d_points", Kind.POINTS),
        Column("What moved most", "what_moved"),
    )
    cells = tuple((row.who, row.total, row.own_points, row.change_30d, _said(row.moved)) for row in rows)
    return Table(name, title, columns, cells, empty)


def _said(moved: Sequence[Move]) -> str:
    return "; ".join(f"{move.label} {move.points:+.1f}: {move.why}" for move in moved).replace("-", "−")


def news(rows: Sequence[News], *, title: str, empty: str, name: str = "News", is_of_one: bool = False) -> Table:
    """Return signals; `is_of_one`: of a single company, which stands above and in no column."""
    columns = (
        Column("Known on", "known_on", Kind.DAY),
        WHO,
        Column("Severity", "severity", Kind.SEVERITY),
        Column("Kind", "kind"),
        Column("What", "title"),
        Column("Source", "source", Kind.LINK),
    )
    cells = tuple((row.day, row.who, row.severity, row.kind, row.title, row.source) for row in rows)
    found = Table(name, title, columns, cells, empty)
    return _without_company(found) if is_of_one else found


def _without_company(table: Table) -> Table:
    rows = tuple((row[0], *row[2:]) for row in table.rows)
    return replace(table, columns=(table.columns[0], *table.columns[2:]), rows=rows)


def ahead(rows: Sequence[Ahead], *, title: str, empty: str, is_of_one: bool = False) -> Table:
    """Return what is to come; `is_of_one` as above."""
    columns = (
        Column("Day", "day", Kind.DAY),
        WHO,
        Column("Kind", "kind"),
        Column("What", "title"),
        Column("Source", "source", Kind.LINK),
    )
    cells = tuple((row.day, row.who, row.kind, row.title, row.source) for row in rows)
    found = Table("Ahead", title, columns, cells, empty)
    return _without_company(found) if is_of_one else found


def pairs(rows: Sequence[Fit], *, title: str, empty: str, note: str = "") -> Table:
    """Return acquirers and targets with the terms of their fit."""
    columns = (
        Column("Target", "target", Kind.WHO),
        Column("#", "rank", Kind.PLACE),
        Column("Acquirer", "acquirer", Kind.WHO),
        Column("Fit of 10", "fit_0_10", Kind.NUMBER),
        Column("Overlap", "therapeutic_overlap_0_10", Kind.NUMBER),
        Column("Regions", "geographic_fit_0_10", Kind.NUMBER),
        Column("Means", "financial_capacity_0_10", Kind.NUMBER),
        Column("Deals", "deal_history_0_10", Kind.NUMBER),
        Column("Value, low", "value_low_usd", Kind.MONEY),
        Column("Value, mid", "value_mid_usd", Kind.MONEY),
        Column("Value, high", "value_high_usd", Kind.MONEY),
        Column("Why", "rationale", Kind.BELOW),
    )
    cells = tuple(
        (
            row.target, row.rank, row.acquirer, row.fit, row.overlap, row.geography, row.capacity, row.history,
            row.low_usd, row.mid_usd, row.high_usd, _why(row),
        )
        for row in rows
    )  # fmt: skip
    return Table("Acquirers", title, columns, cells, empty, note)


def _why(row: Fit) -> str:
    means = "Beyond its means." if row.is_feasible is False else ""
    return " ".join(filter(None, (means, row.rationale, f"Value: {row.caveat}" if row.caveat else "")))


def buyers(rows: Sequence[Fit], *, title: str, empty: str) -> Table:
    """Return a row a target: its best acquirers with their fits, the value range, the gist of the best one's case."""
    columns = (
        Column("Target", "target", Kind.WHO),
        Column("Best fits, of 10", "acquirers"),
        Column("Value, low", "value_low_usd", Kind.MONEY),
        Column("high", "value_high_usd", Kind.MONEY),
        Column("The case of the first", "rationale"),
    )
    by_target: dict[Who, list[Fit]] = {}
    for row in rows:
        by_target.setdefault(row.target, []).append(row)
    cells = tuple(
        (
            target,
            ", ".join(f"{fit.acquirer.ticker or fit.acquirer.name} {fit.fit:.1f}" for fit in fits),
            fits[0].low_usd,
            fits[0].high_usd,
            gist(fits[0].rationale),
        )
        for target, fits in by_target.items()
    )
    return Table("Acquirers", title, columns, cells, empty)


def gist(text: str) -> str:
    """Return the first sentence of a text, and the second where the first is short; never more than fits a cell."""
    sentences = SENTENCE_END.split(text.strip())
    first = sentences[0]
    if len(sentences) > 1 and len(first) < SHORT_SENTENCE:
        first = f"{first} {sentences[1]}"
    return first if len(first) <= LONGEST_GIST else f"{first[:LONGEST_GIST].rsplit(' ', 1)[0]} …"


def left_out(rows: Sequence[LeftOut]) -> Table:
    """Return who is missing, and why."""
    cells = tuple((row.who, row.why) for row in rows)
    return Table("Left out", "Left out", (WHO, Column("Why", "why")), cells, "Nobody is left out.")


def reasons(rows: Sequence[Reason], *, title: str, empty: str) -> Table:
    """Return the contributions to a score."""
    columns = (
        Column("Component", "component"),
        Column("Input", "input"),
        Column("What is known", "detail"),
        Column("Points", "points", Kind.POINTS),
        Column("Source", "source", Kind.LINK),
        Column("Of", "source_day", Kind.DAY),
    )
    cells = tuple((row.component, row.label, row.detail, row.points, row.source, row.day) for row in rows)
    return Table("Contributions", title, columns, cells, empty)
