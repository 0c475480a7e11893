"""Writes the scores of a day set-wise: staged by COPY, merged in one statement, only rows that differ are touched."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from scoring.models import COMPONENTS, MAScore

KEY = ("company_id", "score_date", "score_version")
FIGURES = ("total_score", "confidence", *(f"{name}_score" for name in COMPONENTS))
DOCUMENTS = ("key_drivers", "risk_factors", "metadata")
COLUMNS = (*KEY, *FIGURES, *DOCUMENTS)

_NAMES = ", ".join(COLUMNS)
_NEWS = (*FIGURES, *DOCUMENTS)
_HELD = ", ".join(f"held.{name}" for name in _NEWS)
_EXCLUDED = ", ".join(f"EXCLUDED.{name}" for name in _NEWS)
# The only names put into these statements are the column names above.
STAGE = f"CREATE TEMPORARY TABLE staged_scores ON COMMIT DROP AS SELECT {_NAMES} FROM ma_scores WITH NO DATA"  # noqa: S608
COPY = f"COPY staged_scores ({_NAMES}) FROM STDIN"
MERGE = f"""
INSERT INTO ma_scores AS held ({_NAMES}) SELECT {_NAMES} FROM staged_scores
ON CONFLICT (company_id, score_date, score_version) DO UPDATE
SET ({", ".join(_NEWS)}) = ({_EXCLUDED})
WHERE ({_HELD}) IS DISTINCT FROM ({_EXCLUDED})
"""  # noqa: S608
# A table that has just grown has no statistics yet, and the comparison with earlier days needs them to take the index
# of the company rather than that of the day.
ANALYZE = "ANALYZE ma_scores (company_id, score_date, score_version, total_score)"
# A company that is no target of that day, as its history now has it: an earlier score of the day would mislead.
DROP_OTHERS = """
DELETE FROM ma_scores AS held
WHERE held.score_date = %s AND held.score_version = %s
  AND NOT EXISTS (SELECT FROM staged_scores AS staged WHERE staged.company_id = held.company_id)
"""


def write_day(rows: Iterable[MAScore], *, day: date, version: str, is_analyzed: bool = True) -> None:
    """Make these the scores of the day and version, in the transaction that is open; ranks and changes come after.

    `is_analyzed`: renew the table's statistics afterwards; with many days in a row one does not have to each time.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_scores")
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(_values(row))
        cursor.execute(MERGE)
        cursor.execute(DROP_OTHERS, [day, version])
        cursor.execute("DROP TABLE staged_scores")
        if is_analyzed:
            cursor.execute(ANALYZE)


def _values(row: MAScore) -> list[Any]:
    plain = [getattr(row, name) for name in (*KEY, *FIGURES)]
    return [*plain, *(json.dumps(getattr(row, name)) for name in DOCUMENTS)]
