"""Coming catalysts on the first page: a month as a grid, and the same in words beside it."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.dashboard import Panel, on_dashboard
from biotech_ma.core.market_day import NEW_YORK
from signals_app.catalysts import IMPORTANCE, Catalyst, CatalystKind, coming

MOST_A_DAY, TABLE_ROWS = 3, 12
FIRST_YEAR, LAST_YEAR = 2000, 2200
LOOK_AHEAD = dt.timedelta(days=730)
ONWARD = "onward"
ADD = "Milestones are added on a drug candidate's page."
TONES = {
    "pdufa_date": "red",
    "advisory_committee": "amber",
    "milestone": "green",
    "primary_completion": "blue",
    "patent_expiry": "grey",
}
SHORT = {
    "pdufa_date": "PDUFA",
    "advisory_committee": "AdCom",
    "milestone": "Milestone",
    "primary_completion": "Completion",
    "patent_expiry": "Expiry",
}
PAGES = {"drug-candidates": "admin:companies_drugcandidate_change", "signals": "admin:signals_app_signal_change"}


def month_of(text: str, today: dt.date) -> dt.date:
    """Return the first day of the month that the address names as 2026-11; of this month for anything else."""
    try:
        year, month = (int(part) for part in text.split("-"))
        found = dt.date(year, month, 1)
    except ValueError:
        return today.replace(day=1)
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else today.replace(day=1)


def month_after(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months later."""
    place = first.year * 12 + first.month - 1 + months
    return dt.date(place // 12, place % 12 + 1, 1)


@on_dashboard(order=60, permission="companies.view_drugcandidate")
def calendar_panel(request: HttpRequest) -> Panel:
    """Show a month of catalysts as a grid, and those still to come in it as a table."""
    today = timezone.localdate(timezone=NEW_YORK)
    first = month_of(request.GET.get("month", ""), today)
    if ONWARD in request.GET:
        first = _onward(first)
    last = month_after(first, 1) - dt.timedelta(days=1)
    rows = coming(first, last)
    ahead = [row for row in rows if row.day >= today] or rows
    shown = sorted(sorted(ahead, key=_weight)[:TABLE_ROWS], key=lambda row: (row.day, _weight(row)))
    note = f"the {len(shown)} most telling of {len(ahead):,}" if len(ahead) > len(shown) else ""
    return Panel(
        f"Catalysts, {first:%B %Y}",
        ["Day", "Kind", "Company", "What"],
        [[columns.day(row.day), badge(row), company_cell(row), what_cell(row)] for row in shown],
        note=note,
        empty="" if rows else _where_to_look(request, first),
        body=_grid(request, first, rows, today),
        wide=True,
    )


def _onward(first: dt.date) -> dt.date:
    """Return the first month from this one on of which a day is known; this one where that is none in two years."""
    known = coming(first, first + LOOK_AHEAD)
    return known[0].day.replace(day=1) if known else first


def _where_to_look(request: HttpRequest, first: dt.date) -> SafeString:
    """Return what to do with a month of which no day is known."""
    if ONWARD in request.GET:
        return format_html("No day in the two years from {} on is known. {}", f"{first:%B %Y}", ADD)
    url = _address(request, month_after(first, 1), **{ONWARD: "1"})
    return format_html("No day in this month is known. {}. {}", columns.link(url, "Go to the next one"), ADD)


def badge(row: Catalyst) -> SafeString:
    """Return the kind with its colour."""
    return columns.badge(SHORT[row.kind], TONES[row.kind], title=str(CatalystKind(row.kind).label))


def company_cell(row: Catalyst) -> SafeString:
    """Return a link to the company."""
    url = reverse("admin:companies_company_view", args=[row.company_id])
    return columns.link(url, row.ticker or row.company_name, title=row.company_name)


def what_cell(row: Catalyst) -> SafeString:
    """Return what is coming, a link to the row that says so."""
    words = " · ".join(filter(None, (row.drug, row.what))) or str(CatalystKind(row.kind).label)
    url = reverse(PAGES[row.origin], args=[row.key])
    return format_html('<a class="desk-link desk-wide-text" href="{0}" title="{1}">{1}</a>', url, words)


def _weight(row: Catalyst) -> tuple[Any, ...]:
    return IMPORTANCE[row.kind], row.day, row.company_name


def _grid(request: HttpRequest, first: dt.date, rows: list[Catalyst], today: dt.date) -> SafeString:
    by_day: defaultdict[dt.date, list[Catalyst]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    weeks = [[_day(day, first, by_day[day], today) for day in week] for week in _weeks(first)]
    return SafeString(
        render_to_string(
            "admin/signals_app/calendar.html",
            {
                "month": f"{first:%B %Y}",
                "weekdays": calendar.day_abbr,
                "weeks": weeks,
                "before": _address(request, month_after(first, -1)),
                "after": _address(request, month_after(first, 1)),
                "now": "" if first == today.replace(day=1) else _address(request, None),
            },
        )
    )


def _weeks(first: dt.date) -> list[list[dt.date]]:
    return calendar.Calendar().monthdatescalendar(first.year, first.month)


def _day(day: dt.date, first: dt.date, rows: list[Catalyst], today: dt.date) -> dict[str, Any]:
    entries = [
        {
            "tone": TONES[row.kind],
            "name": row.ticker or row.company_name,
            "url": reverse(PAGES[row.origin], args=[row.key]),
            "title": " · ".join(
                filter(None, (row.company_name, SHORT[row.kind], row.drug, row.what)),
            ),
        }
        for row in sorted(rows, key=_weight)
    ]
    return {
        "number": day.day, "iso": day.isoformat(), "is_other": day.month != first.month, "is_today": day == today,
        "entries": entries[:MOST_A_DAY], "more": entries[MOST_A_DAY:],
    }  # fmt: skip


def _address(request: HttpRequest, month: dt.date | None, **asked: str) -> str:
    if request.GET.get("since"):
        asked["since"] = request.GET["since"]
    if month is not None:
        asked["month"] = f"{month:%Y-%m}"
    return f"?{urlencode(asked)}#catalysts"
