"""Changing, archiving and restoring any curated row: one way in for admin, API and shell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

import pghistory
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now

from biotech_ma.core import news
from biotech_ma.core.actors import program
from biotech_ma.core.models import SoftDeleteModel

__all__ = [
    "Outcome", "Refused", "Verb", "archive", "change", "constraint_message", "locked", "recorded", "register",
    "restore", "violated_constraint",
]  # fmt: skip


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


class Changer(Protocol):
    """Writes a row whose fields have been set, with what else the change says; `origins` is where values are from."""

    def __call__(self, *, before: Any, after: Any, changed: list[str], origins: Mapping[str, Any]) -> None: ...


_archivers: dict[type[models.Model], Verb] = {}
_changers: dict[type[models.Model], Changer] = {}
_restorers: dict[type[models.Model], Verb] = {}


def register(
    model: type[SoftDeleteModel],
    *,
    archive: Verb | None = None,
    restore: Verb | None = None,
    change: Changer | None = None,
) -> None:
    """Make these the verbs of the model: for rows with children, or with keys that others may have taken.

    Called from the app's `ready()`, so that no caller can reach the plain verb by forgetting an import.
    """
    if change:
        _changers[model] = change
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


def change(
    *, row: models.Model, values: Mapping[str, Any], reason: str = "", origins: Mapping[str, Any] | None = None
) -> Outcome:
    """Set these fields of a live row, in its model's own way. What stands already is no change.

    `origins` names where values are from, for those that are not the caller's own. Raises ValidationError, with the
    field, for what the row refuses, and Refused for an archived row or a key that is taken.
    """
    with recorded("change", reason=reason):
        current = locked(row)
        if getattr(current, "deleted_at", None) is not None:
            raise Refused(f"{current} is archived. Restore it first.")
        changed = [name for name, value in values.items() if getattr(current, name) != value]
        if not changed:
            return Outcome(changed=False, message=f"{current} has these values already.")
        before = copy(current)
        for name in changed:
            setattr(current, name, values[name])
        # Rows from before a rule may break it elsewhere; the database judges what it judges.
        untouched = {field.name for field in current._meta.concrete_fields} - set(changed) - {"deleted_at"}
        current.full_clean(exclude=untouched)
        try:
            with transaction.atomic():
                write = _changers.get(type(current), write_changed)
                write(before=before, after=current, changed=changed, origins=origins or {})
        except IntegrityError as error:
            raise Refused(constraint_message(type(current), error)) from error
    return Outcome(changed=True, message=f"{current} is changed.")


def write_changed(*, before: Any, after: Any, changed: list[str], origins: Mapping[str, Any]) -> None:
    """Write the changed fields, nothing else."""
    after.save(update_fields=changed)


def constraint_message(model: type[models.Model], error: IntegrityError) -> str:
    """Return the words of the constraint that the database named, or a general sentence."""
    name = violated_constraint(error)
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return str(constraint.get_violation_error_message())
    return "Another change came first and the two do not go together. Look at the row again."


@contextmanager
def recorded(action: str, *, reason: str = "") -> Iterator[None]:
    """Run as one transaction whose history carries the action and the reason, and whose news is told at its end."""
    context = pghistory.context(action=action, **program(), **({"reason": reason} if reason else {}))
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
