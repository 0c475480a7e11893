"""A row's own page, to read: key facts, each traceable to its source, and sections that the apps contribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from biotech_ma.core.admin.list_way import way_of


class Fact(NamedTuple):
    """One key figure: its label, the figure, where and when it is from, and the addresses where that is to be read."""

    label: str
    figure: Any
    note: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """One part of the page: a function that draws it for users with the permission.

    `name` is its place in the address, `title` its entry in the page's menu; a `wide` one takes the whole width. What
    draws nothing has no place on the page.
    """

    name: str
    title: str
    order: int
    permission: str
    draw: Callable[[HttpRequest, Any], SafeString]
    wide: bool = False


@dataclass(frozen=True)
class Page:
    """What a page shows above its sections: heading, badges beside it, a line and notices below it, the ways on."""

    title: str
    badges: list[Any] = field(default_factory=list)
    lead: list[Any] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)


def row_page(
    model_admin: Any,
    request: HttpRequest,
    row: Any,
    page: Page,
    facts: Iterable[tuple[Any, ...]],
    sections: list[Section],
) -> HttpResponse:
    """Return the page of a row with the sections that the user may see, in order."""
    allowed = [each for each in sorted(sections, key=lambda each: each.order) if request.user.has_perm(each.permission)]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": str(row),
        "opts": model_admin.opts,
        "original": row,
        "page": page,
        "facts": [Fact(*fact) for fact in facts],
        "list_way": way_of(model_admin, request, row),
        "sections": [(each, drawn) for each in allowed if (drawn := each.draw(request, row))],
        "may_see_sections": bool(allowed),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/desk/page.html", context)
