"""What a company's page says of the restricted list: a notice, or the reason to those who are cleared."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core import closed
from biotech_ma.core.admin import columns
from companies.models import Company, Restriction
from companies.restrictions import WHY_CLOSED, restriction_of

MANAGE, ADD = "companies.change_restriction", "companies.add_restriction"
# In the address: whoever takes a company off came from its page, and goes back to it.
FROM_PAGE = "from_page"


def standing(request: HttpRequest, company: Company) -> tuple[Restriction | None, bool]:
    """Return the restriction in force for the company and whether this user is cleared; asked once a request."""
    kept: dict[Any, tuple[Restriction | None, bool]] = request.__dict__.setdefault("desk_restrictions", {})
    if company.pk not in kept:
        found = restriction_of(company)
        reader = closed.reader_of(request.user)
        is_open = found is None or not Restriction.objects.closed_to(reader).filter(pk=found.pk).exists()
        kept[company.pk] = (found, is_open)
    return kept[company.pk]


def is_closed(request: HttpRequest, company: Company) -> bool:
    """Return whether the desk's work on the company is closed to this user."""
    return not standing(request, company)[1]


def badges(request: HttpRequest, company: Company) -> list[SafeString]:
    """Return the badge of a company on the list, for those who are cleared or keep the list."""
    found, is_open = standing(request, company)
    if found is None or not (is_open or request.user.has_perm(MANAGE)):
        return []
    return [columns.badge("restricted", "red", title=f"On the restricted list since {found.since:%Y-%m-%d}")]


def restriction_buttons(request: HttpRequest, company: Company) -> list[tuple[str, str, str]]:
    """Return the way onto the restricted list, or off it, for those who keep it."""
    found, _ = standing(request, company)
    if found is not None and request.user.has_perm(MANAGE):
        url = reverse("admin:companies_restriction_take_off_list", args=[found.pk])
        return [("Take off the restricted list", f"{url}?{FROM_PAGE}=yes", "default")]
    if found is None and not company.is_archived and request.user.has_perm(ADD):
        return [("Restrict…", f"{reverse('admin:companies_restriction_add')}?company={company.pk}", "default")]
    return []


def marked(rows: Any, request: HttpRequest) -> Any:
    """Return the companies with `is_restricted`: true of those on the list, as far as this user may know."""
    live = Restriction.objects.live().filter(company=OuterRef("pk"))
    if not request.user.has_perm(MANAGE):
        live = live.filter(cleared=request.user.pk)
    return rows.annotate(is_restricted=Exists(live))


def closed_card(request: HttpRequest, company: Company, title: str) -> SafeString | None:
    """Return what stands in the place of a section that is closed to this user; None where it is open."""
    if not is_closed(request, company):
        return None
    return SafeString(render_to_string("admin/companies/closed.html", {"title": title, "why": WHY_CLOSED}))


def reason_card(request: HttpRequest, company: Company) -> dict[str, Any] | None:
    """Return what the cleared read above the notes: since when, why, and who else is cleared."""
    found, is_open = standing(request, company)
    if found is None or not is_open:
        return None
    names = found.cleared.order_by("username").values_list("username", flat=True)
    return {"since": found.since, "reason": found.reason, "cleared": ", ".join(names)}
