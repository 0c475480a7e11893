"""A report as a page: one family of templates for screen, phone, paper and e-mail; everything in one file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from biotech_ma.core.admin import figures
from delivery.reports.content import Content, DailyDigest, DeepDive, WeeklyWatchlist
from delivery.reports.content.parts import Link, Who
from delivery.reports.content.words import history_span
from delivery.reports.report_tables import tables_of
from delivery.reports.tables import NUMERIC, Cell, Column, Kind, Table

# A runway of decades is as good as any.
TOO_LONG = 100
PLACES = {Kind.SCORE: 1, Kind.NUMBER: 1, Kind.PLACE: 0}


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of a page: its column's heading (for phones), classes and what it shows."""

    heading: str
    classes: str
    shown: SafeString | str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of a page, and what stands below it across its whole width."""

    cells: Sequence[ShownCell]
    below: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table of a page."""

    title: str
    note: str
    empty: str
    headings: Sequence[ShownCell]
    rows: Sequence[ShownRow]


def page(content: Content, *, themed: bool = True) -> str:
    """Return the page, whole: styles and charts within, nothing to fetch. `themed=False` for paper."""
    shown = {name.lower().replace(" ", "_"): _table(table, themed=themed) for name, table in tables_of(content).items()}
    # The plotting library is loaded by whoever draws, not by every web process.
    from delivery.reports.charts import charts_of

    charts = {name: mark_safe(chart) for name, chart in charts_of(content, themed=themed).items()}  # noqa: S308 - our own SVG
    context = {
        "content": content, "frame": content.frame, "tables": shown, "charts": charts, "themed": themed,
        "history_title": _history_title(content),
    }  # fmt: skip
    return render_to_string(f"reports/{content.frame.report_type}.html", context)


def _history_title(content: Content) -> str:
    """Return the title of the chart of scores, with the time that it covers."""
    from delivery.reports.charts import drawn

    if isinstance(content, DeepDive):
        return f"Score, {history_span([content.standing] if content.standing else [])}"
    if isinstance(content, WeeklyWatchlist | DailyDigest):
        return f"Scores of the first five, {history_span(drawn(content.listed))}"
    return ""


def as_text(content: Content) -> str:
    """Return the gist as plain text, for the e-mail's first part."""
    return render_to_string("reports/mail.txt", {"frame": content.frame}).strip() + "\n"


def _table(table: Table, *, themed: bool) -> ShownTable:
    kept = [place for place, column in enumerate(table.columns) if _has_values(table, place, column)]
    columns = [table.columns[place] for place in kept]
    under, below = (_place_of(table, kind) for kind in (Kind.UNDER, Kind.BELOW))

    def shown(row: Sequence[Cell], place: int, column: Column) -> ShownCell:
        text = cell(row[place], column.kind, themed=themed)
        if column.kind is Kind.WHO and under is not None and row[under]:
            text = format_html('{}<span class="under">{}</span>', text, row[under])
        return ShownCell(column.heading, _classes(column), text)

    return ShownTable(
        title=table.title,
        note=table.note,
        empty=table.empty,
        headings=[ShownCell(column.heading, _classes(column), "") for column in columns],
        rows=[
            ShownRow(
                [shown(row, place, column) for place, column in zip(kept, columns, strict=True)],
                str(row[below] or "") if below is not None else "",
            )
            for row in table.rows
        ],
    )


def _has_values(table: Table, place: int, column: Column) -> bool:
    """Return whether a page shows the column: one without any value is only noise there."""
    if column.kind in (Kind.UNDER, Kind.BELOW):
        return False
    return place == 0 or column.kind is Kind.WHO or any(row[place] not in (None, "", ()) for row in table.rows)


def _place_of(table: Table, kind: Kind) -> int | None:
    return next((place for place, column in enumerate(table.columns) if column.kind is kind), None)


def _classes(column: Column) -> str:
    return f"is-{column.kind}{' is-figure' if column.kind in NUMERIC else ''}"


def cell(value: Cell, kind: Kind, *, themed: bool) -> SafeString | str:
    """Return a cell as a page shows it; a dash stands for what is unknown."""
    if value is None or value in ("", ()):
        return format_html('<span class="unknown">{}</span>', figures.UNKNOWN)
    if isinstance(value, Who):
        return _who(value)
    if isinstance(value, Link):
        return _link(value)
    if kind is Kind.SPARK:
        from delivery.reports.charts import spark

        return mark_safe(spark(value, themed=themed))  # type: ignore[arg-type]  # noqa: S308 - our own SVG
    if kind is Kind.SEVERITY:
        return format_html('<span class="badge {0}">{0}</span>', value)
    return _figure(value, kind)


def _figure(value: Any, kind: Kind) -> SafeString | str:
    if kind is Kind.SCORE:
        return format_html(
            '<span class="bar"><i style="width:{}%"></i></span> {}', f"{value:.0f}", figures.number(value)
        )
    if kind is Kind.POINTS:
        tone = "up" if value > 0 else "down" if value < 0 else "flat"
        return format_html('<span class="{}">{}</span>', tone, figures.change(value))
    if kind is Kind.MONEY:
        return format_html('<span title="{}">{}</span>', figures.exact_money(value), figures.money(value))
    if kind is Kind.SHARE:
        return f"{value:.0%}"
    if isinstance(value, (int, Decimal)):
        return figures.number(value, PLACES.get(kind, 1)) if value < TOO_LONG else f"> {TOO_LONG}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _who(value: Who) -> SafeString:
    if not value.ticker:
        return format_html("<b>{}</b>", value.name)
    return format_html('<b>{}</b> <span class="name">{}</span>', value.ticker, value.name)


def _link(value: Link) -> SafeString | str:
    if value.url and urlsplit(value.url).scheme in ("https", "http"):
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', value.url, value.text)
    return value.text
