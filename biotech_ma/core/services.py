"""Archiving and restoring any soft-deleted row: one way in for admin, API and shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pghistory
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now

from biotech_ma.core import news
from biotech_ma.core.models import SoftDeleteModel

__all__ = ["Outcome", "Refused", "Verb", "archive", "locked", "recorded", "register", "restore", "violated_constraint"]


class Refused(Exception):
    """What the present state of the data forbids, in words for the person who asked; `field` names the cause."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


@dataclass(frozen=True)
class Outcome:
    """What a verb did: whether anything changed, in words, and how many other rows went along."""

    changed: bool
    message: str
    with_it: int = 0


class Verb(Protocol):
    """Archives or restores one row."""

    def __call__(self, *, row: Any, reason: str = "") -> Outcome: ...


_archivers: dict[type[models.Model], Verb] = {}
_restorers: dict[type[models.Model], Verb] = {}


def register(model: type[SoftDeleteModel], *, archive: Verb | None = None, restore: Verb | None = None) -> None:
    """Make these the verbs of the model: for rows with children, or with keys that others may have taken.

    Called from the app's `ready()`, so that no caller can reach the plain verb by forgetting an import.
    """
    if archive:
        _archivers[model] = archive
    if restore:
        _restorers[model] = restore


def archive(*, row: models.Model, reason: str = "") -> Outcome:
    """Archive a row in its model's own way. Twice is no error: the outcome says that nothing changed."""
    return _archivers.get(type(row), archive_row)(row=row, reason=reason)


def restore(*, row: models.Model, reason: str = "") -> Outcome:
    """Restore a row in its model's own way.

    Raises Refused, naming the field, where a live row has taken the key meanwhile or the owner is archived.
    """
    return _restorers.get(type(row), restore_row)(row=row, reason=reason)


@contextmanager
def recorded(action: str, *, reason: str = "") -> Iterator[None]:
    """Run as one transaction whose history carries the action and the reason, and whose news is told at its end."""
    context = pghistory.context(action=action, **({"reason": reason} if reason else {}))
    with transaction.atomic(), context, news.gathering():
        yield


def locked[M: models.Model](row: M) -> M:
    """Return the row as it stands, archived or not, locked until the transaction ends. Raises Refused if it is gone."""
    found = type(row)._base_manager.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise Refused(f"{row} does not exist any more.")
    return found


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint behind the error."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def archive_row(*, row: Any, reason: str = "") -> Outcome:
    """Archive this row alone."""
    with recorded("archive", reason=reason):
        current = locked(row)
        if current.is_archived:
            row.deleted_at = current.deleted_at
            return Outcome(changed=False, message=f"{current} was archived already.")
        row.deleted_at = stamp(current)
    return Outcome(changed=True, message=f"{current} is archived.")


def restore_row(*, row: Any, reason: str = "") -> Outcome:
    """Restore this row alone."""
    with recorded("restore", reason=reason):
        current = locked(row)
        if not current.is_archived:
            row.deleted_at = None
            return Outcome(changed=False, message=f"{current} is not archived.")
        unstamp(current)
        row.deleted_at = None
    return Outcome(changed=True, message=f"{current} is restored.")


def stamp(current: Any) -> Any:
    """Write the moment of archiving, the server's own, and return it."""
    rows = type(current)._base_manager.filter(pk=current.pk)
    rows.update(deleted_at=Now())
    return rows.values_list("deleted_at", flat=True).get()


def unstamp(current: Any) -> None:
    """Clear the moment of archiving. Raises Refused where a unique key of the row has been taken."""
    try:
        with transaction.atomic():
            type(current)._base_manager.filter(pk=current.pk).update(deleted_at=None)
    except IntegrityError as error:
        raise Refused(
            f"{current} stays archived: a live row has taken its key ({violated_constraint(error)})."
        ) from error
