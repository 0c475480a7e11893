"""Why fields of rows stand as they do: the last recorded change of each, with who made it and the reason given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from biotech_ma.core.admin.history import about, users_of, who

MOST_EVENTS = 5_000


@dataclass(frozen=True)
class Why:
    """Who set a field last, when, and the reason given; empty for none."""

    who: str
    at: dt.datetime
    reason: str

    @property
    def words(self) -> str:
        """The reason in quotes with its author; the author alone where no reason was given."""
        return f"“{self.reason}” ({self.who})" if self.reason else self.who


def last_changes(model: Any, wanted: Mapping[Any, tuple[str, ...]]) -> dict[tuple[Any, str], Why]:
    """Return the last recorded change of these fields of these rows, by key and field, in at most three queries.

    What was set before the newest 5,000 recorded changes of the rows is left out, as is what was never recorded.
    """
    if not wanted:
        return {}
    events = model._meta.get_field("history").related_model.objects
    names = sorted({name for each in wanted.values() for name in each})
    rows = events.filter(pgh_obj_id__in=list(wanted)).order_by("-pgh_id")
    newest = list(rows.values_list("pgh_id", "pgh_obj_id", *names)[:MOST_EVENTS])
    setting: dict[tuple[Any, str], int] = {}
    before: dict[Any, dict[str, Any]] = {}
    for number, key, *values in reversed(newest):
        held = before.setdefault(key, {})
        for name, value in zip(names, values, strict=True):
            if name in wanted[key] and held.get(name) != value:
                held[name] = value
                setting[key, name] = number
    found = events.select_related("pgh_context").in_bulk(list(set(setting.values())))
    users = users_of(map(about, found.values()))
    return {place: why_of(found[number], users) for place, number in setting.items()}


def why_of(event: Any, users: Mapping[str, str], *, at: dt.datetime | None = None) -> Why:
    """Return who made a recorded change, when (unless `at` says so: as recorded) and why."""
    said = about(event)
    return Why(who(said, users, event.pgh_session), at or event.pgh_created_at, str(said.get("reason") or ""))
