"""What was changed at one go, over all tables that keep a history: who did it, when, why, and which rows.

The history's own contexts are these goes. What SQL writes outside of any has one a transaction: a migration of core
replaces the history's function for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import site
from django.db import models
from django.db.models import Exists, OuterRef, Q

from biotech_ma.core import closed
from biotech_ma.core.memberships import memberships

# What a change is told of beside the histories: apps add their own tables of who wrote what.
CONTEXT = "pgh_context"


@dataclass(frozen=True)
class Told:
    """A table whose rows say under which go they were written. `tracked` is the table of the rows that they are about.

    `row` is the way from there to the row, `is_history` says that each holds the row as it was then.
    """

    model: Any
    tracked: Any
    row: str = "pgh_obj"
    is_history: bool = True
    # In words what a row of a table that is no history says of the row that it is about.
    says: Callable[[Any], str] | None = None

    @property
    def label(self) -> str:
        """The table of the rows, as companies.company."""
        return str(self.tracked._meta.label_lower)

    @property
    def permission(self) -> str:
        """Who may view the rows may read of them here."""
        return f"{self.tracked._meta.app_label}.view_{self.tracked._meta.model_name}"


_more: list[Callable[[], Told]] = []


def also_told(make: Callable[[], Told]) -> None:
    """Have rows of another table told among the changes: for the apps above, from their admin modules."""
    _more.append(make)


def told_tables() -> list[Told]:
    """Return every table that tells of changes, the histories first."""
    found = []
    for model in apps.get_models():
        tracked = getattr(model, "pgh_tracked_model", None)
        if tracked is None:
            continue
        if hasattr(model, "pgh_obj"):
            found.append(Told(model, tracked._meta.concrete_model))
        elif (members := memberships().get(tracked._meta.concrete_model)) is not None:
            owner, field, words = members
            found.append(Told(model, owner, row=field, is_history=False, says=words))
    found.sort(key=lambda told: told.label)
    return [*found, *(make() for make in _more)]


def visible_to(user: Any) -> list[Told]:
    """Return the tables whose rows the user may view."""
    return [told for told in told_tables() if user.has_perm(told.permission)]


def hides_closed(told: Told) -> bool:
    """Return whether the admin of the rows hides those that are closed to the reader."""
    return bool(getattr(site._registry.get(told.tracked), "hides_closed", False))


def closed_rows(told: Told, reader: closed.Reader) -> Any:
    """Return the keys of the rows that are closed to the reader, None where none ever is."""
    found = closed.condition(told.tracked, reader) if hides_closed(told) else None
    return None if found is None else told.tracked._base_manager.filter(found).order_by().values("pk")


def open_rows(told: Told, rows: Any, user: Any) -> Any:
    """Return the table's rows without those of lists and filters that somebody else keeps private."""
    names = {field.name for field in told.tracked._meta.get_fields()}
    if not {"is_shared", "owner"} <= names:
        return rows
    way = "" if told.is_history else f"{told.row}__"
    return rows.exclude(Q(**{f"{way}is_shared": False}) & ~Q(**{f"{way}owner": user.pk}))


def seen_by(user: Any, rows: Any) -> Any:
    """Return the changes that concern rows which the user may view, none of them closed to him.

    One that concerns a closed row is left out whole: its reason may tell of it.
    """
    reader, tables = closed.reader_of(user), visible_to(user)
    wanted = Q()
    for told in tables:
        wanted |= Q(Exists(open_rows(told, of_change(told), user)))
    rows = rows.filter(wanted) if tables else rows.none()
    for told in told_tables():
        keys = closed_rows(told, reader)
        if keys is not None:
            rows = rows.exclude(Exists(of_change(told).filter(**{f"{told.row}__in": keys})))
    return rows


def of_change(told: Told) -> Any:
    """Return the table's rows of the outer change."""
    return told.model._base_manager.filter(**{CONTEXT: OuterRef("pk"), f"{told.row}__isnull": False}).order_by()


def fields_of(told: Told) -> Iterator[Any]:
    """Yield the row's own columns that a history holds; where each is from changes with it and is left out."""
    for field in told.model._meta.concrete_fields:
        if not field.name.startswith("pgh_") and field.name not in {"id", "created_at", "updated_at", "field_sources"}:
            yield field


def by_program() -> Q:
    """Return the condition of a change that a job or a command made, with no user or key behind it."""
    has = {name: Q(metadata__has_key=name) for name in ("user", "client", "job", "command")}
    return (has["job"] | has["command"]) & ~has["user"] & ~has["client"]


class Metadata(models.Func):
    """One text of a change's particulars, as the index of persons has it."""

    template = "(%(expressions)s ->> '%(key)s')"
    output_field = models.TextField()

    def __init__(self, key: str) -> None:
        super().__init__(models.F("metadata"), key=key)
