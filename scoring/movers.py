"""Scores that moved since a moment: each target's latest score against the one of the days before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.standing_values import while_unchanged
from companies.choices import Role
from scoring.querysets import RANKED_CONFIDENCE

# Less is noise: medians move by tenths every day.
LEAST_POINTS = Decimal(1)
# An older score says nothing about a move since the day.
OLDEST_DAYS = 40
MOST = 500
_TABLES = frozenset({"ma_scores", "companies"})

# The earlier score is looked up company by company at the end of its part of the index. What both days knew is compared
# for those that moved alone: it stands in the long metadata.
_MOVED = """
WITH latest AS (
    SELECT s.id, s.company_id, s.score_date, s.score_version, s.total_score
    FROM ma_scores AS s JOIN companies AS c ON c.id = s.company_id
    WHERE s.is_latest AND c.deleted_at IS NULL AND c.role = %(target)s AND c.under_offer_since IS NULL
      AND s.confidence >= %(confidence)s AND s.score_date >= %(day)s AND s.updated_at >= %(at)s
), moved AS MATERIALIZED (
    SELECT latest.*, earlier.id AS earlier_id, earlier.score_date AS earlier_date, earlier.total_score AS earlier_total
    FROM latest CROSS JOIN LATERAL (
        SELECT o.id, o.score_date, o.total_score, o.confidence FROM ma_scores AS o
        WHERE o.company_id = latest.company_id AND o.score_version = latest.score_version
          AND o.score_date < %(day)s AND o.score_date >= %(oldest)s
        ORDER BY o.score_date DESC LIMIT 1
    ) AS earlier
    WHERE earlier.confidence >= %(confidence)s AND abs(latest.total_score - earlier.total_score) >= %(least)s
    ORDER BY abs(latest.total_score - earlier.total_score) DESC LIMIT %(most)s
)
SELECT moved.id, moved.company_id, companies.ticker, companies.name, moved.total_score, moved.earlier_total,
       moved.score_date, moved.earlier_date
FROM moved JOIN companies ON companies.id = moved.company_id
JOIN ma_scores AS n ON n.id = moved.id JOIN ma_scores AS o ON o.id = moved.earlier_id
WHERE o.metadata -> 'unfed' IS NOT DISTINCT FROM n.metadata -> 'unfed'
  AND o.metadata -> 'unknown' IS NOT DISTINCT FROM n.metadata -> 'unknown'
ORDER BY abs(moved.total_score - moved.earlier_total) DESC, companies.name
"""


@dataclass(frozen=True, slots=True)
class Mover:
    """A target whose score moved: the totals and days of the latest score and of the one before the day."""

    score_id: UUID
    company_id: UUID
    ticker: str | None
    name: str
    total: Decimal
    earlier_total: Decimal
    day: dt.date
    earlier_day: dt.date

    @property
    def points(self) -> Decimal:
        """Return the change in points."""
        return self.total - self.earlier_total


def moved_since(at: dt.datetime) -> list[Mover]:
    """Return the live targets whose score moved by a point or more since the moment, the largest moves first.

    Scores written or changed since, of the moment's day in New York and later, against the last one before that day, of
    the same version and with the same inputs known to anybody: data that became known is no move. At most 500, in one
    query; none while neither scores nor companies have changed since the moment was last asked for.
    """
    return list(while_unchanged(("moved since", at), _TABLES, lambda: _moved_since(at)))


def _moved_since(at: dt.datetime) -> tuple[Mover, ...]:
    day = at.astimezone(NEW_YORK).date()
    asked: dict[str, Any] = {
        "target": Role.TARGET, "confidence": RANKED_CONFIDENCE, "at": at, "day": day, "least": LEAST_POINTS,
        "most": MOST, "oldest": day - dt.timedelta(days=OLDEST_DAYS),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, asked)
        return tuple(Mover(*row) for row in cursor.fetchall())
