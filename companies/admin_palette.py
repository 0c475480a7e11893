"""What the command palette finds."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from companies.models import Company, DrugCandidate

MOST_FOUND = 8
PANEL_ROWS = 10


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return companies and drugs for the command palette, a handful each, as the user may see them."""
    results = []
    if request.user.has_perm("companies.view_company"):
        for company in Company.objects.search(term)[:MOST_FOUND]:
            url = reverse("admin:companies_company_view", args=[company.pk])
            results.append(SearchResult(str(company), f"Company · {company.get_role_display()}", url, "biotech"))
    if request.user.has_perm("companies.view_drugcandidate"):
        drugs = DrugCandidate.objects.with_company().filter(name__icontains=term.replace("\x00", ""))
        for drug in drugs.order_by("name", "id")[:MOST_FOUND]:
            url = reverse("admin:companies_drugcandidate_change", args=[drug.pk])
            results.append(SearchResult(str(drug), f"{drug.get_phase_display()} · {drug.company}", url, "pill"))
    return results
