"""Writes the matches of a day set-wise: staged by COPY, merged in one statement, only rows that differ are touched."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from scoring.engine.acquirers import TOP_MATCHES
from scoring.matching.record import COLUMNS as TERM_COLUMNS
from scoring.models import AcquirerMatch

KEY = ("target_company_id", "match_date", "acquirer_ticker", "acquirer_name")
FIGURES = (
    "acquirer_company_id", "strategic_fit_score", *TERM_COLUMNS.values(), "synergy_rationale", "match_rank",
)  # fmt: skip
DOCUMENTS = ("key_assets_of_interest", "estimated_valuation_range_usd", "metadata")
COLUMNS = (*KEY, *FIGURES, *DOCUMENTS)

_NAMES = ", ".join(COLUMNS)
_NEWS = (*FIGURES, *DOCUMENTS)
_HELD = ", ".join(f"held.{name}" for name in _NEWS)
_EXCLUDED = ", ".join(f"EXCLUDED.{name}" for name in _NEWS)
# The only names put into these statements are the column names above.
STAGE = f"CREATE TEMPORARY TABLE staged_matches ON COMMIT DROP AS SELECT {_NAMES} FROM acquirer_matches WITH NO DATA"  # noqa: S608
COPY = f"COPY staged_matches ({_NAMES}) FROM STDIN"
MERGE = f"""
INSERT INTO acquirer_matches AS held ({_NAMES}) SELECT {_NAMES} FROM staged_matches
ON CONFLICT ({", ".join(KEY)}) DO UPDATE
SET ({", ".join(_NEWS)}) = ({_EXCLUDED})
WHERE ({_HELD}) IS DISTINCT FROM ({_EXCLUDED})
"""  # noqa: S608
# A pair that is not among the day's any more, unless one of the two is archived: its history stays.
DROP_OTHERS = f"""
DELETE FROM acquirer_matches AS held USING companies AS target
WHERE held.match_date = %s AND target.id = held.target_company_id AND target.deleted_at IS NULL
  AND NOT EXISTS (
      SELECT FROM companies AS acquirer WHERE acquirer.id = held.acquirer_company_id AND acquirer.deleted_at IS NOT NULL
  )
  AND NOT EXISTS (
      SELECT FROM staged_matches AS staged
      WHERE {" AND ".join(f"staged.{name} = held.{name}" for name in KEY)}
  )
"""  # noqa: S608
# Only ranked targets have top matches, and an acquirer that cannot pay is none.
FLAG = """
UPDATE acquirer_matches AS held SET is_top_match = flagged.is_top
FROM (
    SELECT id, coalesce(
        match_rank <= %(best)s AND metadata->>'feasibility' <> 'infeasible'
            AND target_company_id = ANY(%(ranked)s), false
    ) AS is_top
    FROM acquirer_matches WHERE match_date = %(day)s
) AS flagged
WHERE held.id = flagged.id AND held.is_top_match IS DISTINCT FROM flagged.is_top
"""
ANALYZE = "ANALYZE acquirer_matches (target_company_id, match_date, match_rank)"


def write_day(rows: Iterable[AcquirerMatch], *, day: date) -> None:
    """Make these the matches of the day, in the transaction that is open; the flags of the best come after."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_matches")
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(_values(row))
        cursor.execute(MERGE)
        cursor.execute(DROP_OTHERS, [day])
        cursor.execute("DROP TABLE staged_matches")
        cursor.execute(ANALYZE)


def flag_top(day: date, ranked: Iterable[Any]) -> None:
    """Flag the best three matches of these targets, and no other of the day."""
    with connection.cursor() as cursor:
        cursor.execute(FLAG, {"day": day, "best": TOP_MATCHES, "ranked": list(ranked)})


def _values(row: AcquirerMatch) -> list[Any]:
    plain = [getattr(row, name) for name in (*KEY, *FIGURES)]
    return [*plain, *(json.dumps(getattr(row, name)) for name in DOCUMENTS)]
