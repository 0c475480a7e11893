"""Companies looked up while somebody types, in a box that takes any text: what is offered, and what stands for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

from biotech_ma.core.closed import narrowed, reader_of
from companies.models import Company, CompanyAlias

MOST_OFFERED = 8


def offered(user: Any, text: str) -> list[dict[str, str]]:
    """Return up to eight live companies that the text finds by name, ticker, CIK or other name, in two queries.

    Those closed to the user are left out. `ref` stands for the company alone: its ticker, else its CIK, else its id.
    """
    if not text.strip():
        return []
    found = list(narrowed(Company.objects.search(text), reader_of(user))[:MOST_OFFERED])
    known_as: dict[Any, str] = {}
    named = CompanyAlias.objects.filter(company__in=found, alias__icontains=text.strip())
    for key, alias in named.order_by("company_id", "alias").values_list("company_id", "alias"):
        known_as.setdefault(key, alias)
    return [
        {
            "ref": company.ticker or company.cik or str(company.pk),
            "name": company.name,
            "label": str(company),
            "note": " · ".join(
                part
                for part in (
                    f"CIK {company.cik}" if company.cik else "",
                    f"also {known_as[company.pk]}" if company.pk in known_as else "",
                )
                if part
            ),
        }
        for company in found
    ]


def lookup_response(request: HttpRequest) -> JsonResponse:
    """Return what is offered for `q`, as JSON."""
    return JsonResponse({"found": offered(request.user, request.GET.get("q", ""))})
