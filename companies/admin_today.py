"""What companies put on the first page, and what the command palette finds."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.dataclasses import SearchResult

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from companies.admin_cells import company_link
from companies.models import Company, DrugCandidate

MOST_FOUND = 8
PANEL_ROWS = 10


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return companies and drugs for the command palette, a handful each, as the user may see them."""
    results = []
    if request.user.has_perm("companies.view_company"):
        for company in Company.objects.search(term)[:MOST_FOUND]:
            url = reverse("admin:companies_company_change", args=[company.pk])
            results.append(SearchResult(str(company), f"Company · {company.get_role_display()}", url, "biotech"))
    if request.user.has_perm("companies.view_drugcandidate"):
        drugs = DrugCandidate.objects.with_company().filter(name__icontains=term.replace("\x00", ""))
        for drug in drugs.order_by("name", "id")[:MOST_FOUND]:
            url = reverse("admin:companies_drugcandidate_change", args=[drug.pk])
            results.append(SearchResult(str(drug), f"{drug.get_phase_display()} · {drug.company}", url, "pill"))
    return results


@on_dashboard(order=10, permission="companies.view_company")
def company_tile(request: HttpRequest) -> Tile:
    """Count the live companies by role."""
    roles = Company.objects.statistics().by_role
    note = f"{roles['target']:,} targets, {roles['acquirer']:,} acquirers"
    return Tile("Companies", f"{sum(roles.values()):,}", note, reverse("admin:companies_company_changelist"))


@on_dashboard(order=60, permission="companies.view_company")
def cash_panel(request: HttpRequest) -> Panel:
    """List the targets with the least runway."""
    rows = Company.objects.targets().cash_constrained().defer("search_vector")[:PANEL_ROWS]
    return Panel(
        "Short of cash",
        ["Company", "Liquid funds", "Burn a quarter", "Runway", "Market cap"],
        [
            [
                company_link(company),
                columns.money(company.cash_position_usd),
                columns.money(company.quarterly_burn_rate_usd),
                columns.runway(company.runway_quarters),
                columns.money(company.market_cap_usd),
            ]
            for company in rows
        ],
        note="targets with under four quarters of runway",
        url=reverse("admin:companies_company_changelist") + "?is_cash_constrained__exact=1&o=6",
        empty="No target is known to have less than four quarters of runway.",
        numeric=frozenset({1, 2, 3, 4}),
    )


@on_dashboard(order=70, permission="companies.view_drugcandidate")
def milestone_panel(request: HttpRequest) -> Panel:
    """List what is due next."""
    today = timezone.localdate()
    ahead = today + dt.timedelta(days=365)
    rows = DrugCandidate.objects.of_live_companies().upcoming(today, ahead).with_company()[:PANEL_ROWS]
    return Panel(
        "Coming milestones",
        ["Due", "Company", "Drug", "What"],
        [
            [columns.day(row.next_milestone_date), company_link(row.company), str(row), row.next_milestone or "—"]
            for row in rows
        ],
        url=reverse("admin:companies_drugcandidate_changelist") + "?o=7",
        empty="No milestone with a day ahead is known. Add one on a drug candidate's page.",
    )
