"""Deals where people look first: those of a company on its page, the days that are near on the first page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.dashboard import Panel, on_dashboard
from biotech_ma.core.admin.pages import Section
from biotech_ma.core.admin.tables import table
from biotech_ma.core.market_day import NEW_YORK
from companies.admin import CompanyAdmin
from companies.models import Company
from signals_app.admin_deal_cells import term_day
from signals_app.admin_deal_pages import ADD
from signals_app.deal_terms import ANTITRUST, COMPLETED, PENDING, RUMOURED, TERMINATED
from signals_app.deals import BOUGHT, Deal

LIST = "admin:signals_app_deal_changelist"
NEAR_DAYS, MOST_ROWS, MOST_READ = 30, 12, 200
DAYS = {"expected_close": "closes", "outside_date": "outside date"}
HEAD = ["Announced", "Target", "Acquirer", "Status", "Value", "Expected close", "Outside date", "Antitrust"]


def deals_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the deals in which the company is bought or buys, the newest first, and the way to add one."""
    today = timezone.localdate(timezone=NEW_YORK)
    mine = Q(company_id__in=company.same_ids)
    if company.cik:
        mine |= Q(signal_type=BOUGHT, target_cik=company.cik)
    rows = list(_light(Deal.deals.followed().filter(mine))[:MOST_ROWS])
    may_add = request.user.has_perm(ADD) and not company.is_archived
    return table(
        "Deals",
        HEAD,
        [_row(row, today) for row in rows],
        url=f"{reverse(LIST)}?status=all",
        add_url=f"{reverse('admin:signals_app_deal_new')}?company={company.pk}" if may_add else "",
        empty="No deal and no rumour of it is in the ledger. Add one that the sources do not have.",
        numeric=(4,),
    )


def _light(rows: Any) -> Any:
    read = rows.select_related("company__merged_into").order_by("-event_date", "-id")
    return read.defer("description", "company__search_vector", "company__metadata")


def _row(deal: Any, today: dt.date) -> list[Any]:
    return [
        columns.market_day(deal.event_date),
        _terms_link(deal),
        deal.acquirer or columns.unknown("Not named"),
        columns.badge(deal.status, "amber" if deal.status == PENDING else "grey"),
        columns.money(deal.value, hint="Not disclosed"),
        term_day(deal, "expected_close", today),
        term_day(deal, "outside_date", today),
        ANTITRUST.get(deal.term("antitrust")) or columns.unknown("Not known"),
    ]


def _terms_link(deal: Deal) -> SafeString:
    """Return the target, which leads to the deal's terms."""
    return columns.link(reverse("admin:signals_app_deal_terms", args=[deal.pk]), deal.target[:40], title=deal.title)


@on_dashboard(order=65, permission="signals_app.view_deal")
def deals_panel(request: HttpRequest) -> Panel:
    """List the pending deals that close, or whose outside date falls, within 30 days, and those past either."""
    today = timezone.localdate(timezone=NEW_YORK)
    last = today + dt.timedelta(days=NEAR_DAYS)
    due = sorted(
        ((day, name, deal) for deal in pending_until(last) for name in DAYS if (day := deal.day(name)) and day <= last),
        key=lambda each: (each[0], each[1], each[2].title),
    )[:MOST_ROWS]
    return Panel(
        "Deals, the next 30 days",
        ["Day", "What", "Target", "Acquirer", "Antitrust"],
        [
            [
                term_day(deal, name, today),
                DAYS[name],
                _terms_link(deal),
                deal.acquirer or columns.unknown("Not named"),
                ANTITRUST.get(deal.term("antitrust")) or columns.unknown("Not known"),
            ]
            for _, name, deal in due
        ],
        url=f"{reverse(LIST)}?status=pending",
        empty="No pending deal closes, or has its outside date, within 30 days. Both are terms of a deal: open it on "
        "the deal desk to fill them in.",
    )


def pending_until(last: dt.date) -> list[Deal]:
    """Return the pending deals with an expected close or outside date by the day, past ones included; one query."""
    text = last.isoformat()
    rows: Any = Deal.deals.followed().annotate(
        closes=KT("signal_data__expected_close"), walks=KT("signal_data__outside_date")
    )
    near = Q(closes__lte=text) | Q(walks__lte=text)
    rows = rows.filter(signal_data__has_any_keys=["expected_close", "outside_date"])  # in the words of the index
    is_settled = Q(signal_data__status__in=(COMPLETED, TERMINATED, RUMOURED))
    # A deal that says nothing is pending, and NULL in no list is not true.
    found = rows.filter(near, Q(signal_data__status__isnull=True) | ~is_settled, is_ended=False)
    return list(_light(found)[:MOST_READ])


CompanyAdmin.extend(sections=[Section("deals", "Deals", 72, "signals_app.view_deal", deals_section, wide=True)])
