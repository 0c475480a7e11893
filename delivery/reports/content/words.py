"""Sentences of findings: counts, scores and changes in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from biotech_ma.core.admin import figures
from companies.models import Company
from delivery.reports.content.parts import Standing

DAYS_OF_TWO_MONTHS, DAYS_OF_A_MONTH = 61, 30.4375


def count(number: int, noun: str) -> str:
    """Return a count with its noun: `1 signal`, `1,204 signals`, `no signals`."""
    if not number:
        return f"no {noun}s"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def score(value: Decimal) -> str:
    """Return a score of 100 to one place."""
    return figures.number(value)


def change(value: Decimal | None) -> str:
    """Return a change in points."""
    return f"{figures.change(value)} points"


def history_span(rows: Sequence[Standing]) -> str:
    """Return how far the histories of scores reach: `7 days`, `6 months`; empty where none has two points."""
    drawn = [row.history for row in rows if len(row.history) > 1]
    if not drawn:
        return ""
    days = (max(points[-1].day for points in drawn) - min(points[0].day for points in drawn)).days
    return count(days, "day") if days < DAYS_OF_TWO_MONTHS else count(round(days / DAYS_OF_A_MONTH), "month")


def named(company: Company) -> str:
    """Return the ticker, or the name of an unlisted company."""
    return company.ticker or company.name


def move_sentence(row: Standing) -> str:
    """Return the largest move of a score as the end of a sentence; empty where none is known."""
    if not row.moved:
        return ""
    first = row.moved[0]
    return f" ({first.label}: {first.why})"


def own_sentence(row: Standing) -> str:
    """Return the points that the company's own values made, with the largest move that is no data becoming known."""
    own = next((move for move in row.moved if not move.is_data and move.label != "Baseline"), None)
    return f"{change(row.own_points)}" + (f" ({own.label}: {own.why})" if own else "")
