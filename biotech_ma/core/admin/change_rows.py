"""The rows that a change concerns, each with its fields from what to what: read for a page of changes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.admin import site
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.urls import NoReverseMatch, reverse

from biotech_ma.core import closed
from biotech_ma.core.admin.history import WORDS, FieldChange, changes_between
from biotech_ma.core.changes import CONTEXT, Told, closed_rows, fields_of, open_rows, visible_to

# What a row is called in one line, the first that it has.
NAMES = ("name", "title", "alias", "client_name", "username", "version", "text", "alert_type", "component")
MOST_OF_A_NAME = 60


@dataclass(frozen=True)
class Touch:
    """One row as one change left it: its table and name, the way to it, what was done, and the fields that differ."""

    table: str
    name: str
    url: str
    what: str
    changes: list[FieldChange]


@dataclass
class Touched:
    """The first rows of a change, and how many there are in all."""

    rows: list[Touch] = field(default_factory=list)
    number: int = 0


def touched(keys: Iterable[UUID], user: Any, *, most: int) -> dict[UUID, Touched]:
    """Return by change its first rows that the user may view; three queries a table at most, however many changes."""
    wanted = list(keys)
    found = {key: Touched() for key in wanted}
    reader = closed.reader_of(user)
    for told in visible_to(user) if wanted else ():
        rows = open_rows(told, told.model._base_manager.filter(**{f"{CONTEXT}__in": wanted}), user)
        for key, number, touch in _of_table(told, rows, reader, most):
            found[key].rows.append(touch)
            found[key].number += number
    for each in found.values():
        del each.rows[most:]
    return found


def _of_table(told: Told, rows: Any, reader: closed.Reader, most: int) -> Iterable[tuple[UUID, int, Touch]]:
    """Yield change, how many of its rows the table has (with the first of them, else 0), and a row."""
    number = told.model._meta.pk.name
    rows = rows.filter(**{f"{told.row}__isnull": False}).order_by()
    if not told.is_history:
        rows = rows.select_related(told.row)
    shut = closed_rows(told, reader)
    if shut is not None:
        rows = rows.exclude(**{f"{told.row}__in": shut})
    rows = rows.annotate(
        place=Window(RowNumber(), partition_by=[F(CONTEXT)], order_by=[F(number).asc()]),
        of_change=Window(Count("pk"), partition_by=[F(CONTEXT)]),
    ).filter(place__lte=most)
    events = list(rows.order_by(CONTEXT, number))
    before = _before(told, events) if told.is_history else {}
    for event in events:
        touch = _touch(told, event, before.get(event.pk)) if told.is_history else _written(told, event)
        yield event.pgh_context_id, event.of_change if event.place == 1 else 0, touch


def _before(told: Told, events: list[Any]) -> Mapping[int, Any]:
    """Return by number the version before each of these, in one query."""
    if not events:
        return {}
    rows = told.model._base_manager.filter(pgh_obj_id__in={event.pgh_obj_id for event in events})
    of_row: dict[Any, list[int]] = {}
    for key, number in rows.order_by("pgh_id").values_list("pgh_obj_id", "pgh_id"):
        of_row.setdefault(key, []).append(number)
    earlier = {}
    for event in events:
        numbers = of_row.get(event.pgh_obj_id, [])
        place = numbers.index(event.pgh_id) if event.pgh_id in numbers else 0
        if place:
            earlier[event.pk] = numbers[place - 1]
    versions = told.model._base_manager.in_bulk(list(set(earlier.values())))
    return {key: versions[number] for key, number in earlier.items() if number in versions}


def _touch(told: Told, event: Any, before: Any) -> Touch:
    what = WORDS.get(event.pgh_label, event.pgh_label)
    changes = changes_between(list(fields_of(told)), before, event) if before is not None else []
    return Touch(_noun(told), _name(event), _page(told.tracked, event.pgh_obj_id, "history"), what, changes)


def _written(told: Told, row: Any) -> Touch:
    about = getattr(row, told.row)
    what = told.says(row) if told.says else "written"
    return Touch(_noun(told), _name(about), _page(told.tracked, about.pk, "change"), what, [])


def _noun(told: Told) -> str:
    return str(told.tracked._meta.verbose_name)


def _name(row: Any) -> str:
    for name in NAMES:
        text = str(getattr(row, name, None) or "")
        if text:
            return text if len(text) <= MOST_OF_A_NAME else f"{text[: MOST_OF_A_NAME - 1]}…"
    return str(getattr(row, "pgh_obj_id", row))


def _page(model: Any, key: Any, name: str) -> str:
    if model not in site._registry:
        return ""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=[key])
    except NoReverseMatch:
        return ""
