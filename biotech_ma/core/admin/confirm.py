"""One page that asks before something is done, with room for the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from biotech_ma.core.admin.forms import ReasonForm

CONFIRMED = "confirmed"
MOST_LISTED = 20


@dataclass(frozen=True)
class Question:
    """What the page asks: a heading, what will happen, the word on the button, and whether it is a grave one."""

    title: str
    consequence: str
    button: str
    grave: bool = False
    wants_reason: bool = True
    needs_reason: bool = False


def asked(
    model_admin: Any,
    request: HttpRequest,
    question: Question,
    rows: Iterable[Any],
    *,
    action: str = "",
    back: str = "../change/",
) -> HttpResponse | None:
    """Return the page that asks, or None once the answer is yes (a POST from that page).

    `action` names the bulk action to come back to; without it the page posts to its own address.
    """
    form = ReasonForm(request.POST if CONFIRMED in request.POST else None)
    form.fields["reason"].required = question.needs_reason
    if request.method == "POST" and CONFIRMED in request.POST and form.is_valid():
        return None
    listed = list(rows)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.title,
        "opts": model_admin.opts,
        "question": question,
        "rows": listed[:MOST_LISTED],
        "more": max(0, len(listed) - MOST_LISTED),
        "selected": [str(row.pk) for row in listed] if action else [],
        "action": action,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        "confirmed_name": CONFIRMED,
        "form": form,
        "back": request.path if action else back,
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/desk/confirm.html", context)


def reason_of(request: HttpRequest) -> str:
    """Return the reason given on the page, empty if none was."""
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]).strip() if form.is_valid() else ""
