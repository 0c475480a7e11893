"""The page of a row's history: its changes by person, field and day, page by page, and the row as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from biotech_ma.core.admin.history import (
    FieldChange,
    Step,
    about,
    history_fields,
    steps_between,
    text_of,
    users_of,
    versions_of,
    who,
)
from biotech_ma.core.changes import told_tables

STEPS_A_PAGE, MOST_MARKS, MOST_PAIRS = 200, 50_000, 2_000


@dataclass(frozen=True)
class Then:
    """The row at the end of a day: each field's value, and whether it is another one now."""

    day: dt.date
    recorded_at: dt.datetime | None
    values: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Asked:
    """What the page asks of a history: by whom, which field, from and to which day, before which change."""

    who: str = ""
    field: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    before: int | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Read the address; what is no day or number asks nothing."""
        number = request.GET.get("before", "")
        return cls(
            who=request.GET.get("who", "")[:200],
            field=request.GET.get("field", ""),
            first=as_day(request.GET.get("from", "")),
            last=as_day(request.GET.get("to", "")),
            before=int(number) if number.isdecimal() and len(number) < 10 else None,  # noqa: PLR2004 - digits of a key
        )

    @property
    def narrows(self) -> bool:
        """True where not every change is asked for."""
        return bool(self.who or self.field or self.first or self.last)

    def takes(self, at: dt.datetime, by: str) -> bool:
        """Return whether a change of that moment by that person is asked for."""
        day = timezone.localdate(at)
        is_then = (self.first is None or day >= self.first) and (self.last is None or day <= self.last)
        return is_then and (not self.who or self.who.casefold() in by.casefold())

    def address(self, before: int | None) -> str:
        """Return the query string of the page before a change."""
        days = {"from": self.first, "to": self.last}
        parts = {"who": self.who, "field": self.field, **{name: day for name, day in days.items() if day}}
        return "?" + urlencode({name: text for name, text in {**parts, "before": before or ""}.items() if text})


@dataclass(frozen=True)
class Found:
    """A page of changes, and the number before which the next one begins; None on the last."""

    steps: list[Step]
    next_before: int | None = None


def found_in(row: Any, asked: Asked, *, most: int = STEPS_A_PAGE) -> Found:
    """Return the changes that are asked for, newest first, a page of them."""
    if not asked.narrows:
        pairs, has_more = versions_of(row, most=most, before=asked.before)
        return Found(steps_between(pairs), pairs[0][1].pgh_id if has_more else None)
    event_model: Any = row._meta.get_field("history").related_model
    rows = event_model.objects.filter(pgh_obj_id=row.pk)
    fields = {field.name: field.attname for field in history_fields(event_model)}
    names = ["pgh_id", "pgh_created_at", "pgh_session", "pgh_context__metadata"]
    if asked.field in fields:
        names.append(fields[asked.field])
    marks = list(rows.order_by("-pgh_id").values_list(*names)[:MOST_MARKS])[::-1]
    users = users_of(mark[3] or {} for mark in marks)
    numbers = _numbers(marks, asked, users)
    kept = [number for number in numbers if asked.before is None or number < asked.before][-most - 1 :]
    more = len(kept) > most
    kept = kept[1:] if more else kept
    before = dict(zip((mark[0] for mark in marks[1:]), (mark[0] for mark in marks), strict=False))
    wanted = {*kept, *(before[number] for number in kept if number in before)}
    events = rows.select_related("pgh_context").in_bulk(list(wanted))
    steps = steps_between([(events.get(before.get(number, 0)), events[number]) for number in kept])
    return Found(steps, kept[0] if more else None)


def _numbers(marks: list[Any], asked: Asked, users: dict[str, str]) -> list[int]:
    """Return the numbers of the changes that are asked for, rising."""
    found, held = [], object()
    has_field = bool(marks) and len(marks[0]) > 4  # noqa: PLR2004 - the field stands behind the four others
    for number, at, session, said, *value in marks:
        is_other = not has_field or value[0] != held
        held = value[0] if has_field else held
        if is_other and asked.takes(at, who(said or {}, users, session)):
            found.append(number)
    return found


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
        (
            str(each.verbose_name),
            text_of(each, getattr(then, each.attname)),
            text_of(each, getattr(current, each.attname)),
        )
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
    return shown_history(model_admin, request, row, revertible=model_admin.revertible_fields(request, row))


def shown_history(
    model_admin: Any,
    request: HttpRequest,
    row: Any,
    *,
    revertible: frozenset[str] = frozenset(),
    others: Iterable[Step] = (),
    shown_as: Any = None,
) -> HttpResponse:
    """Return the page of a row that may be seen; `others` are steps that stand in no history.

    `shown_as` is the row as the desk knows it, where its history is kept under another model.
    """
    wanted = request.GET.get("day", "")
    day, asked = as_day(wanted), Asked.of(request)
    found = found_in(row, asked)
    steps = [*found.steps, *_of_the_page(row, asked, found, [*pair_steps(row), *others])]
    steps.sort(key=lambda step: step.at, reverse=True)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"History of {row}",
        "opts": model_admin.opts,
        "object": shown_as or row,
        "steps": steps,
        "asked": asked,
        "fields": sorted((str(each.verbose_name), each.name) for each in _fields(row)),
        "earlier": asked.address(found.next_before) if found.next_before else "",
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


def pair_steps(row: Any) -> list[Step]:
    """Return what came to the row and went: its groups, its companies; two queries where it has such pairs."""
    steps = []
    for told in told_tables():
        if told.says is None or told.tracked is not row._meta.concrete_model:
            continue
        rows = told.model._base_manager.filter(**{told.row: row.pk}).select_related("pgh_context").order_by("-pgh_id")
        events = list(rows[:MOST_PAIRS])
        users = users_of(about(event) for event in events)
        for event in events:
            said = about(event)
            noun, _, words = told.says(event).partition(": ")
            change = FieldChange("", noun, words if words.startswith("−") else "", "" if words[0] == "−" else words)
            by = who(said, users, event.pgh_session)
            reason, action = str(said.get("reason") or ""), str(said.get("action") or "")
            steps.append(Step(0, event.pgh_created_at, "changed", action, by, reason, [change]))
    return steps


def _of_the_page(row: Any, asked: Asked, found: Found, steps: list[Step]) -> list[Step]:
    """Return those of the steps that fall into the time of the page and are asked for."""
    if not steps or asked.field:
        return []
    first = found.steps[-1].at if found.next_before and found.steps else None
    events = row._meta.get_field("history").related_model.objects
    last = events.filter(pgh_id=asked.before).values_list("pgh_created_at", flat=True).first() if asked.before else None
    return [
        step
        for step in steps
        if (first is None or step.at >= first) and (last is None or step.at < last) and asked.takes(step.at, step.who)
    ]


def _fields(row: Any) -> list[Any]:
    return history_fields(row._meta.get_field("history").related_model)


def as_day(text: str) -> dt.date | None:
    """Return the day that a text is, None for any other."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date(1900, 1, 1) <= day <= dt.date(9998, 12, 31) else None
