"""The history of a table, kept by the database whoever writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pghistory

from biotech_ma.core.history_session import session_field


def tracked(*, exclude: list[str] | None = None, stamps: Sequence[str] = ("created_at", "updated_at")) -> Any:
    """Record every insert, update and delete of the table, whoever makes it, in an append-only history table.

    `exclude` names the columns that history must not hold: secrets, generated columns, counters; `stamps` those
    that it needs not.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=[*stamps, *(exclude or [])],
        level=pghistory.Statement,
        append_only=True,
        context_field=pghistory.ContextForeignKey(),
        obj_field=pghistory.ObjForeignKey(related_name="history", related_query_name="history"),
        attrs={"pgh_session": session_field()},
    )
