"""What a draft of the weights would change, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.tables import table
from companies.admin import company_link
from scoring.weights import TOP, Move, Preview

LARGEST = 30
HEADINGS = ["Company", "Rank now", "Rank then", "Places", "Score now", "Score then", "Points"]
NUMERIC = (1, 2, 3, 4, 5, 6)


def preview_tables(seen: Preview) -> list[SafeString]:
    """Return who enters and leaves the first twenty, the first twenty then, and the largest moves."""
    return [
        _table(f"Would enter the first {TOP}", seen.entering, f"Nobody would enter the first {TOP}."),
        _table(f"Would leave the first {TOP}", seen.leaving, f"Nobody would leave the first {TOP}."),
        _table(f"The first {TOP} then", seen.moves[:TOP], "Nobody is scored on that day."),
        _table("Largest moves in points", seen.largest(LARGEST), "Nobody is scored on that day."),
    ]


def _table(title: str, moves: Iterable[Move], empty: str) -> SafeString:
    return table(title, HEADINGS, [_row(move) for move in moves], empty=empty, numeric=NUMERIC)


def _row(move: Move) -> list[Any]:
    return [
        company_link(move.company),
        columns.number(move.rank_before, 0, hint="Not ranked"),
        columns.number(move.rank_after, 0, hint="Not ranked"),
        _places(move.places),
        columns.number(move.total_before),
        columns.number(move.total_after),
        columns.change(move.points),
    ]


def _places(places: int | None) -> SafeString:
    if places is None:
        return columns.unknown("Not ranked on both sides")
    tone = "up" if places > 0 else "down" if places < 0 else "flat"
    return format_html('<span class="desk-figure desk-{}">{}</span>', tone, figures.change(Decimal(places), 0))
