"""One field of many rows: choose the value, see old and new row by row, say why, apply.

All rows that are left ticked change, or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from biotech_ma.core import services
from biotech_ma.core.admin import versions
from biotech_ma.core.admin.forms import ReasonForm

MOST_AT_ONCE = 500
FIELD, VALUE, APPLY = "bulk_field", "bulk_value", "bulk_apply"
SEEN = "bulk_seen"


@dataclass(frozen=True)
class Line:
    """What the edit does to one row."""

    row: Any
    old: str
    new: str
    differs: bool
    error: str = ""


def _digests(rows: Iterable[Any], name: str) -> dict[str, str]:
    """Return what stands for the field's value of each row, by its key."""
    return {str(row.pk): versions.digest(str(getattr(row, name))) for row in rows}


def _seen(request: HttpRequest, standing: Mapping[str, str]) -> dict[str, str]:
    """Return what the preview carried of these rows; of one that it did not carry, nothing that could be right."""
    try:
        carried = json.loads(request.POST.get(SEEN) or "{}")
    except (ValueError, RecursionError):
        carried = {}
    return {key: str(carried.get(key)) if isinstance(carried, dict) else "" for key in standing}


class BulkEdit:
    """Adds the action *Edit one field* to an ArchiveAdmin. `bulk_fields` are those that may be set for many rows."""

    bulk_fields: tuple[str, ...] = ()
    model: Any
    admin_site: Any
    opts: Any

    @admin.action(description="Edit one field", permissions=["change"])
    def edit_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask for field and value, show what would change, then change it."""
        rows = list(queryset.filter(deleted_at__isnull=True)[: MOST_AT_ONCE + 1])
        if not rows or len(rows) > MOST_AT_ONCE:
            messages.error(request, f"Tick 1 to {MOST_AT_ONCE:,} live rows." if rows else "No live row is ticked.")
            return None
        forms_of = {name: self._form(request, name) for name in self.bulk_fields}
        name = request.POST.get(FIELD, "")
        reason = ReasonForm(request.POST if APPLY in request.POST else None)
        lines: list[Line] = []
        form = forms_of.get(name)
        if form is not None and form.is_valid():
            value = form.cleaned_data[name]
            lines = [self._line(form.fields[name], name, row, value) for row in rows]
            moving = name in getattr(self.model, "reason_fields", ())
            reason.fields["reason"].required = moving
            if APPLY in request.POST and reason.is_valid() and self._apply(request, rows, name, value, reason):
                return None
        noun = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        context = {
            **self.admin_site.each_context(request),
            "title": f"Edit one field of {len(rows):,} {noun}",
            "opts": self.opts,
            "forms_of": forms_of,
            "media": sum((each.media for each in forms_of.values()), self.media),  # type: ignore[attr-defined]
            "chosen": name if form is not None else "",
            "lines": lines,
            "changing": sum(line.differs and not line.error for line in lines),
            "wrong": sum(bool(line.error) for line in lines),
            "reason": reason,
            "selected": [str(row.pk) for row in rows],
            "seen": json.dumps(_digests(rows, name)) if lines else "",
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": request.path,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/desk/bulk_edit.html", context)

    def _form(self, request: HttpRequest, name: str) -> Any:
        """Return a form of this one field, as the row's own page has it; bound where it is the one that was chosen."""
        whole: Any = self.get_form(request, None, change=False)  # type: ignore[attr-defined]
        field: forms.Field = whole.base_fields[name]
        kind = type("OneField", (forms.Form,), {name: field})
        return kind(request.POST if request.POST.get(FIELD) == name else None, prefix=VALUE)

    def _line(self, field: forms.Field, name: str, row: Any, value: Any) -> Line:
        old = getattr(row, name)
        error = ""
        try:
            setattr(row, name, value)
            untouched = {each.name for each in row._meta.concrete_fields} - {name, "deleted_at"}
            row.full_clean(exclude=untouched)
        except ValidationError as refused:
            error = " ".join(refused.messages)
        finally:
            setattr(row, name, old)
        return Line(row, versions.text_of(field, old), versions.text_of(field, value), old != value, error)

    def _apply(self, request: HttpRequest, rows: list[Any], name: str, value: Any, reason: ReasonForm) -> bool:
        text = reason.cleaned_data["reason"].strip()
        try:
            with transaction.atomic():
                # in one order, so that two edits of the same rows wait for each other and never in a circle
                keys = [row.pk for row in rows]
                locked = self.model._base_manager.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
                standing = _digests(locked, name)
                if any(standing.get(key) != digest for key, digest in _seen(request, standing).items()):
                    messages.warning(request, "Somebody else has changed these rows meanwhile. Look at them again.")
                    return False
                outcomes = [services.change(row=row, values={name: value}, reason=text) for row in locked]
        except services.Refused as refusal:
            messages.error(request, f"Nothing was changed. {refusal.message}")
            return False
        except ValidationError as error:
            messages.error(request, f"Nothing was changed. {' '.join(error.messages)}")
            return False
        done = sum(outcome.changed for outcome in outcomes)
        messages.success(request, f"{done:,} {'row is' if done == 1 else 'rows are'} changed.")
        return True
