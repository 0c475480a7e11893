"""One row's history as the database recorded it: who, when, why, and each field from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from biotech_ma.core.admin import figures

MOST_EVENTS = 200
_WORDS = {"insert": "created", "update": "changed", "delete": "deleted"}
_BOOKKEEPING = ("pgh_",)


@dataclass(frozen=True)
class Step:
    """One recorded change of a row."""

    at: Any
    what: str
    who: str
    reason: str
    changes: list[tuple[str, str, str]]


def _text(field: Any, value: Any) -> str:
    if field.choices and value not in (None, ""):
        return str(dict(field.flatchoices).get(value, value))
    return figures.plain(value)


def _changes(fields: list[Any], before: Any, after: Any) -> list[tuple[str, str, str]]:
    found = []
    for field in fields:
        old = getattr(before, field.attname) if before else None
        new = getattr(after, field.attname)
        texts = _text(field, old), _text(field, new)
        if old != new and texts[0] != texts[1]:
            found.append((str(field.verbose_name), *texts))
    return found


def _who(event: Any, users: dict[str, str]) -> str:
    context = event.pgh_context.metadata if event.pgh_context else {}
    user = context.get("user")
    if user is not None:
        return users.get(str(user), f"user {user}")
    return str(context.get("actor") or context.get("job") or context.get("command") or "outside the admin")


def steps_of(row: models.Model, *, most: int = MOST_EVENTS) -> list[Step]:
    """Return the latest recorded changes of a row, newest first, in two queries."""
    event_model: Any = row._meta.get_field("history").related_model
    fields = [field for field in event_model._meta.concrete_fields if not field.name.startswith(_BOOKKEEPING)]
    fields = [field for field in fields if field.name not in {"id", "updated_at", "created_at"}]
    newest = event_model.objects.filter(pgh_obj_id=row.pk).select_related("pgh_context").order_by("-pgh_id")
    events = list(newest[: most + 1])[::-1]
    wanted: set[Any] = {(e.pgh_context.metadata or {}).get("user") for e in events if e.pgh_context} - {None}
    users = {str(user.pk): user.get_username() for user in get_user_model().objects.filter(pk__in=wanted)}
    steps = []
    for before, event in zip([None, *events], events, strict=False):
        context = event.pgh_context.metadata if event.pgh_context else {}
        steps.append(
            Step(
                at=event.pgh_created_at,
                what=_WORDS.get(event.pgh_label, event.pgh_label),
                who=_who(event, users),
                reason=str(context.get("reason") or ""),
                changes=_changes(fields, before, event),
            )
        )
    first = 1 if len(events) > most else 0
    return [step for step in steps[first:] if step.changes or step.what != "changed"][::-1]


def latest_step(row: models.Model | None) -> Step | None:
    """Return the latest recorded change of a row, None where nothing is recorded."""
    if row is None or not hasattr(row, "history"):
        return None
    return next(iter(steps_of(row, most=1)), None)


def history_response(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the history page of a row; 404 for an unknown one, 403 without the permission to view it."""
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404("There is no such row.")
    if not model_admin.has_view_or_change_permission(request, row):
        raise PermissionDenied
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"History of {row}",
        "opts": model_admin.opts,
        "object": row,
        "steps": steps_of(row),
        "preserved_filters": model_admin.get_preserved_filters(request),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/desk/history.html", context)
