"""One row's history as the database recorded it: who, when, why, and each field from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from biotech_ma.core.admin import figures

MOST_EVENTS = 200
_WORDS = {"insert": "created", "update": "changed", "delete": "deleted"}
_BOOKKEEPING = ("pgh_",)
# What concerns a row is told although none of its own fields changed.
_TOLD_ANYWAY = frozenset({"merge", "undo merge"})


@dataclass(frozen=True)
class Change:
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
    changes: list[Change]


@dataclass(frozen=True)
class Then:
    """The row at the end of a day: each field's value, and whether it is another one now."""

    day: dt.date
    recorded_at: dt.datetime | None
    values: list[tuple[str, str, str]]


def _text(field: Any, value: Any) -> str:
    if field.choices and value not in (None, ""):
        return str(dict(field.flatchoices).get(value, value))
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
    return _text(field, old), _text(field, new)


def _changes(fields: list[Any], before: Any, after: Any) -> list[Change]:
    found = []
    for field in fields:
        old = getattr(before, field.attname) if before else None
        new = getattr(after, field.attname)
        texts = in_words(field, old, new)
        if old != new and texts[0] != texts[1]:
            found.append(Change(field.name, str(field.verbose_name), *texts))
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
    event_model: Any = row._meta.get_field("history").related_model
    fields = history_fields(event_model)
    newest = event_model.objects.filter(pgh_obj_id=row.pk).select_related("pgh_context").order_by("-pgh_id")
    events = list(newest[: most + 1])[::-1]
    users = users_of(map(about, events))
    steps = []
    for before, event in zip([None, *events], events, strict=False):
        context = about(event)
        steps.append(
            Step(
                number=event.pgh_id,
                at=event.pgh_created_at,
                what=_WORDS.get(event.pgh_label, event.pgh_label),
                action=str(context.get("action") or ""),
                who=who(context, users, event.pgh_session),
                reason=str(context.get("reason") or ""),
                changes=_changes(fields, before, event),
            )
        )
    first = 1 if len(events) > most else 0
    return [step for step in steps[first:] if step.changes or step.what != "changed" or step.action in _TOLD_ANYWAY][
        ::-1
    ]


def latest_step(row: models.Model | None) -> Step | None:
    """Return the latest recorded change of a row, None where nothing is recorded."""
    if row is None or not hasattr(row, "history"):
        return None
    return next(iter(steps_of(row, most=1)), None)


def as_of(row: Any, day: dt.date) -> Then:
    """Return the row as it stood at the end of the day, in the reader's time zone."""
    event_model: Any = row._meta.get_field("history").related_model
    fields = history_fields(event_model)
    midnight = timezone.make_aware(dt.datetime.combine(day, dt.time.max))
    then = event_model.objects.filter(pgh_obj_id=row.pk, pgh_created_at__lte=midnight).order_by("-pgh_id").first()
    if then is None:
        return Then(day, None, [])
    current = type(row)._base_manager.get(pk=row.pk)
    values = [
        (str(each.verbose_name), _text(each, getattr(then, each.attname)), _text(each, getattr(current, each.attname)))
        for each in fields
    ]
    return Then(day, then.pgh_created_at, values)


def history_response(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the history page of a row; 404 for an unknown one, 403 without the permission to view it.

    With `?day=2026-01-31` it shows the row as of that day, too.
    """
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404("There is no such row.")
    if not model_admin.has_view_or_change_permission(request, row):
        raise PermissionDenied
    model_admin.note_opened(request, row, f"history of the {model_admin.opts.verbose_name}")
    wanted = request.GET.get("day", "")
    day = _day(wanted)
    steps, revertible = steps_of(row), model_admin.revertible_fields(request, row)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"History of {row}",
        "opts": model_admin.opts,
        "object": row,
        "steps": steps,
        "then": as_of(row, day) if day else None,
        "wanted": wanted,
        "wrong_day": bool(wanted) and day is None,
        "today": timezone.localdate().isoformat(),
        "revertible": revertible,
        "revertible_steps": {step.number for step in steps if any(each.name in revertible for each in step.changes)},
        "preserved_filters": model_admin.get_preserved_filters(request),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/desk/history.html", context)


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date(1900, 1, 1) <= day <= dt.date(9998, 12, 31) else None
