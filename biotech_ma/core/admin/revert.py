"""Taking back one recorded change, or one field of it: a new change, with a reason of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from biotech_ma.core import services
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.history import Step, in_words, step_of

SOURCES = "field_sources"


def revert_response(model_admin: Any, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
    """Ask, then give the fields of a recorded change their former values; `?field=` names one of them.

    404 for a change that is not the row's, 403 without the permission to change it.
    """
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404("There is no such row.")
    if not model_admin.has_change_permission(request, row):
        raise PermissionDenied
    step = step_of(row, number)
    names = _names(model_admin, request, row, step)
    if step is None or not names:
        raise Http404("There is nothing to take back.")
    question = Question(
        f"Take back the change of {step.at:%Y-%m-%d %H:%M}?",
        f"{step.who} made it. The former values come back as a new change; this one stays in the history.",
        "Take back",
        needs_reason=True,
    )
    page = asked(model_admin, request, question, _lines(row, step, names), back="../../")
    if page is not None:
        return page
    before = _event_before(row, number)
    try:
        outcome = services.change(
            row=row,
            values={name: getattr(before, name) for name in names},
            origins=_origins(row, before, names),
            reason=reason_of(request),
        )
        (messages.success if outcome.changed else messages.info)(request, outcome.message)
    except services.Refused as refusal:
        messages.error(request, refusal.message)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(
        reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_history", args=[row.pk])
    )


def _names(model_admin: Any, request: HttpRequest, row: Any, step: Step | None) -> list[str]:
    """Return the fields to take back: those that a person may change, or the one that is asked for."""
    if step is None or step.what in {"created", "deleted"}:
        return []
    open_to_people = model_admin.revertible_fields(request, row)
    wanted = request.GET.get("field")
    names = [change.name for change in step.changes if change.name in open_to_people]
    return [name for name in names if wanted in (None, name)]


def _lines(row: Any, step: Step, names: list[str]) -> list[str]:
    """Return what will happen, field by field; also where a later change would go with it."""
    lines = []
    for change in step.changes:
        if change.name in names:
            field = row._meta.get_field(change.name)
            now = in_words(field, None, getattr(row, field.attname))[1]
            later = "" if now == change.new else f" (a later change set it to {now}; that goes, too)"
            lines.append(f"{change.label}: {now} → {change.old}{later}")
    return lines


def _event_before(row: Any, number: int) -> Any:
    event_model: Any = row._meta.get_field("history").related_model
    found = event_model.objects.filter(pgh_obj_id=row.pk, pgh_id__lt=number).order_by("-pgh_id").first()
    if found is None:
        raise Http404("The row did not exist before that change.")
    return found


def _origins(row: Any, before: Any, names: list[str]) -> dict[str, Any]:
    """Return where the former values were from: a source's figure is the source's again, not the analyst's."""
    notes = getattr(before, SOURCES, None) or {}
    return {name: notes[name] for name in names if name in notes} if hasattr(row, SOURCES) else {}
