"""What sets an alert off, in the words and figures that every channel carries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from companies.identity import read_as, read_as_field
from delivery.alerts.rules import Rule
from delivery.choices import AlertType, Direction
from signals_app.catalogue import CATALOGUE

METHODOLOGY = "transparent ranking, not validated"
MOST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for one alert to go off: `key` names it, and an alert goes off once for a key."""

    key: str
    reason: str
    at: dt.datetime | dt.date
    company_id: UUID | None = None
    ticker: str | None = None
    signal_id: UUID | None = None
    score_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score as the evaluation reads it."""

    id: UUID
    company_id: UUID
    ticker: str | None
    name: str
    score_date: dt.date
    total_score: Decimal
    percentile_rank: Decimal | None
    score_change_30d: Decimal | None


SCORE_COLUMNS = (
    "id", "company_id", "company__ticker", "company__name", "score_date", "total_score", "percentile_rank",
    "score_change_30d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal as the evaluation reads it."""

    id: UUID
    company_id: UUID
    ticker: str | None
    name: str
    signal_type: str
    severity: str
    title: str
    event_date: dt.datetime
    available_at: dt.datetime
    supersedes_id: UUID | None


# The company as which the signal's is read: annotated, for a duplicate's rows stand under its own id.
AS_READ = {"whose": read_as(), "whose_ticker": read_as_field("ticker"), "whose_name": read_as_field("name")}
SIGNAL_COLUMNS = (
    "id", "whose", "whose_ticker", "whose_name", "signal_type", "severity", "title", "event_date",
    "available_at", "supersedes_id",
)  # fmt: skip


def by_score(rule: Rule, row: ScoreRow) -> Cause:
    """Return the cause that a score is."""
    details: dict[str, Any] = {
        "score_date": row.score_date.isoformat(),
        "total_score": str(row.total_score),
        "percentile_rank": None if row.percentile_rank is None else str(row.percentile_rank),
        "score_change_30d": None if row.score_change_30d is None else str(row.score_change_30d),
        "methodology": METHODOLOGY,
    }
    if rule.threshold is not None:
        details["threshold"] = str(rule.threshold)
    return Cause(
        key=f"score:{row.company_id}:{row.score_date}",
        reason=f"{row.ticker or row.name}: {_score_words(rule, row)}",
        at=row.score_date,
        company_id=row.company_id,
        ticker=row.ticker,
        score_id=row.id,
        details=details,
    )


def _score_words(rule: Rule, row: ScoreRow) -> str:
    total, on = _figure(row.total_score), f"on {row.score_date}"
    change = "" if row.score_change_30d is None else f" ({_signed(row.score_change_30d)} in 30 days)"
    match rule.type:
        case AlertType.SCORE_THRESHOLD:
            way = "fell to" if rule.direction == Direction.DOWN else "reached"
            return f"score {total} {way} the threshold of {_figure(rule.threshold)} {on}{change}"
        case AlertType.SCORE_CHANGE | AlertType.WATCHLIST_CHANGE:
            moved = row.score_change_30d or Decimal(0)
            way = "fell" if moved < 0 else "rose"
            return f"score {way} by {_figure(abs(moved))} points in 30 days to {total} {on}"
    return f"the condition holds with a score of {total} {on}{change}"


def by_signal(row: SignalRow, root: UUID) -> Cause:
    """Return the cause that a signal is; `root` is the first of the rows that it corrects, itself if it corrects none.

    A correction of what has set the alert off is the same cause.
    """
    label = CATALOGUE[row.signal_type].label
    return Cause(
        key=f"signal:{root}",
        reason=f"{row.ticker or row.name}: {label} ({row.severity}): {row.title[:MOST_TITLE]}",
        at=row.available_at,
        company_id=row.company_id,
        ticker=row.ticker,
        signal_id=row.id,
        details={
            "signal_type": row.signal_type,
            "severity": row.severity,
            "title": row.title,
            "event_date": row.event_date.isoformat(),
            "available_at": row.available_at.isoformat(),
        },
    )


def _figure(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _signed(value: Decimal) -> str:
    return f"{value:+.1f}".replace("-", "−")
