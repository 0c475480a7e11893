"""One row's history as the database recorded it: who, when, why, and each field from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from biotech_ma.core.admin import figures
from biotech_ma.core.wording import list_in_words

MOST_EVENTS = 200
WORDS = {"insert": "created", "update": "changed", "delete": "deleted"}
_BOOKKEEPING = ("pgh_",)
# What concerns a row is told although none of its own fields changed.
_TOLD_ANYWAY = frozenset({"merge", "undo merge"})


@dataclass(frozen=True)
class FieldChange:
    """One field from what to what, in words; `name` is the field's own."""

    name: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Step:
    """One recorded change of a row."""

    number: int
    at: Any
    what: str
    action: str
    who: str
    reason: str
    changes: list[FieldChange]


def text_of(field: Any, value: Any) -> str:
    if field.choices and value not in (None, ""):
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list) and value:
        return figures.plain(list_in_words(field.name, value) or value)
    return figures.plain(value)


def in_words(field: Any, old: Any, new: Any) -> tuple[str, str]:
    """Return both values in words: money at a glance, to the cent where a glance would not tell them apart.

    Of objects only what differs.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        same = {key for key, value in old.items() if key in new and new[key] == value}
        old, new = ({key: value for key, value in each.items() if key not in same} for each in (old, new))
    if field.name.endswith("_usd"):
        texts = figures.money(old), figures.money(new)
        return texts if texts[0] != texts[1] else (figures.exact_money(old), figures.exact_money(new))
    return text_of(field, old), text_of(field, new)


def changes_between(fields: list[Any], before: Any, after: Any) -> list[FieldChange]:
    """Return the fields that differ between two versions of a row, in words; without one before, all that are set."""
    found = []
    for field in fields:
        old = getattr(before, field.attname) if before else None
        new = getattr(after, field.attname)
        texts = in_words(field, old, new)
        if old != new and texts[0] != texts[1]:
            found.append(FieldChange(field.name, str(field.verbose_name), *texts))
    return found


def about(event: Any) -> dict[str, Any]:
    """Return what was recorded of how a change came about: user, client, job or command, action, reason."""
    return (event.pgh_context.metadata or {}) if event.pgh_context else {}


def users_of(abouts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of the users who made recorded changes, by key as text; one query, none where nobody did."""
    wanted: set[Any] = {each.get("user") for each in abouts} - {None}
    if not wanted:
        return {}
    return {str(user.pk): user.get_username() for user in get_user_model().objects.filter(pk__in=wanted)}


def who(about: Mapping[str, Any], users: Mapping[str, str], session: str | None = None) -> str:
    """Return who made a recorded change: a person, an API client, a job, a command, or a session of the database."""
    session = session or about.get("session")
    if about.get("user") is not None:
        return users.get(str(about["user"]), f"user {about['user']}")
    for key, words in (("client", "API client"), ("job", "job"), ("command", "command")):
        if about.get(key):
            return f"{words} {about[key]}"
    return str(about.get("actor") or (f"SQL as {session}" if session else "outside the admin"))


def history_fields(event_model: Any) -> list[Any]:
    """Return the columns of a history that are the row's own."""
    fields = [field for field in event_model._meta.concrete_fields if not field.name.startswith(_BOOKKEEPING)]
    return [field for field in fields if field.name not in {"id", "updated_at", "created_at"}]


def steps_of(row: models.Model, *, most: int = MOST_EVENTS) -> list[Step]:
    """Return the latest recorded changes of a row, newest first, in two queries."""
    return steps_between(versions_of(row, most=most)[0])


def versions_of(row: models.Model, *, most: int, before: int | None = None) -> tuple[list[tuple[Any, Any]], bool]:
    """Return the latest versions of a row, each after the one before it, the oldest first; and whether there are more.

    With `before` those before that number.
    """
    event_model: Any = row._meta.get_field("history").related_model
    newest = event_model.objects.filter(pgh_obj_id=row.pk).select_related("pgh_context").order_by("-pgh_id")
    events = list((newest if before is None else newest.filter(pgh_id__lt=before))[: most + 1])[::-1]
    pairs = list(zip([None, *events], events, strict=False))
    has_more = len(events) > most
    return (pairs[1:] if has_more else pairs), has_more


def step_of(row: models.Model, number: int) -> Step | None:
    """Return one recorded change of a row, None for a number that is not one of its; two queries."""
    pairs, _ = versions_of(row, most=1, before=number + 1)
    found = [(before, event) for before, event in pairs if event.pgh_id == number]
    return next(iter(steps_between(found)), None)


def steps_between(pairs: list[tuple[Any, Any]]) -> list[Step]:
    """Return recorded changes, each given with the version before it, the oldest first; the steps are newest first."""
    fields = history_fields(type(pairs[0][1])) if pairs else []
    users = users_of(about(event) for _, event in pairs)
    steps = []
    for before, event in pairs:
        context = about(event)
        steps.append(
            Step(
                number=event.pgh_id,
                at=event.pgh_created_at,
                what=WORDS.get(event.pgh_label, event.pgh_label),
                action=str(context.get("action") or ""),
                who=who(context, users, event.pgh_session),
                reason=str(context.get("reason") or ""),
                changes=changes_between(fields, before, event),
            )
        )
    return [step for step in steps if step.changes or step.what != "changed" or step.action in _TOLD_ANYWAY][::-1]


def latest_step(row: models.Model | None) -> Step | None:
    """Return the latest recorded change of a row, None where nothing is recorded."""
    if row is None or not hasattr(row, "history"):
        return None
    return next(iter(steps_of(row, most=1)), None)
