"""What a company's or a candidate's row said on a day, from the histories that the database keeps of them.

The version in force at the end of the day; or, where the row was first recorded later, the one that it was first
recorded with. So a later edit, ingest, archiving or restoring changes no earlier day.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, models

from biotech_ma.core.market_day import NEW_YORK, end_of

DELETED = "delete"


@dataclass(frozen=True, slots=True)
class Version:
    """One recorded state of a row: when the database took it down, whether the row was deleted, and its fields."""

    recorded_at: datetime
    is_deleted: bool
    values: dict[str, Any]

    @property
    def recorded_on(self) -> date:
        """Return the day of the record in New York."""
        return self.recorded_at.astimezone(NEW_YORK).date()


def in_force(versions: Sequence[Version], day: date) -> Version:
    """Return the version of the day among a row's versions, which are in their order."""
    cutoff = end_of(day)
    known = [version for version in versions if version.recorded_at < cutoff]
    return known[-1] if known else versions[0]


# The names put into the statement are the model's own. A row that was deleted has a history still; a company that was,
# has no scores.
_VERSIONS = """
SELECT pgh_obj_id, pgh_created_at, pgh_label, {columns} FROM (
    (SELECT DISTINCT ON (pgh_obj_id) * FROM {history}
     WHERE pgh_created_at < %(first)s AND {wanted} ORDER BY pgh_obj_id, pgh_id DESC)
    UNION ALL
    SELECT * FROM {history} WHERE pgh_created_at >= %(first)s AND pgh_created_at < %(last)s AND {wanted}
    UNION ALL
    (SELECT DISTINCT ON (pgh_obj_id) * FROM {history} AS later
     WHERE pgh_created_at >= %(last)s AND {wanted} AND NOT EXISTS (
         SELECT FROM {history} AS earlier
         WHERE earlier.pgh_obj_id = later.pgh_obj_id AND earlier.pgh_created_at < %(last)s
     ) ORDER BY pgh_obj_id, pgh_id)
) AS recorded ORDER BY pgh_obj_id, pgh_id
"""


def versions(
    model: type[models.Model],
    columns: Sequence[str],
    days: tuple[date, date],
    company_ids: Collection[UUID] | None,
    *,
    company: str,
) -> dict[UUID, list[Version]]:
    """Return by row the versions that count on any day of the range (both ends included), in one query.

    `company` names the column of the history that holds the company's id; without `company_ids` all are read.
    """
    tracked: Any = model._meta.get_field("history").related_model
    statement = _VERSIONS.format(
        columns=", ".join(columns),
        history=tracked._meta.db_table,
        wanted=f"EXISTS (SELECT FROM companies WHERE companies.id = {company})"
        + ("" if company_ids is None else f" AND {company} = ANY(%(ids)s)"),
    )
    texts = [isinstance(model._meta.get_field(name.removesuffix("_id")), models.JSONField) for name in columns]
    found: dict[UUID, list[Version]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"first": end_of(days[0]), "last": end_of(days[1]), "ids": list(company_ids or ())})
        for key, recorded_at, label, *raw in cursor.fetchall():
            values = {
                name: json.loads(value) if is_text and value is not None else value
                for name, value, is_text in zip(columns, raw, texts, strict=True)
            }
            found[key].append(Version(recorded_at, label == DELETED, values))
    return found
