"""What signals show on a company's page: runway against catalysts, the timeline, documents, precedents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.pages import Section
from biotech_ma.core.admin.tables import table
from biotech_ma.core.market_day import NEW_YORK
from companies.admin import CompanyAdmin
from companies.models import Company
from signals_app.admin_calendar import badge, what_cell
from signals_app.admin_cells import signal_link, signal_rows
from signals_app.admin_precedents import precedents_section
from signals_app.catalogue import SEVERITY_ORDER, Severity
from signals_app.catalysts import Catalyst, coming
from signals_app.models import Signal
from signals_app.runway import funds_day, lasts_until

LATEST_ROWS, DOCUMENT_ROWS, CATALYST_ROWS = 12, 10, 5
LINE_DAYS, MOST_DOTS = 730, 150
AHEAD = dt.timedelta(days=1095)
SIGNALS = "admin:signals_app_signal_changelist"
# What stands for a filing or a release that can be read.
DOCUMENTS = ("financial_snapshot", "sec_filing", "material_agreement", "takeover_target", "shelf_registration",
             "activist_stake", "passive_stake", "financing", "trial_results_posted")  # fmt: skip


def runway_section(request: HttpRequest, company: Company) -> SafeString:
    """Return how far the money reaches against what is coming, as a picture, in a sentence and as a table."""
    today = timezone.localdate(timezone=NEW_YORK)
    catalysts = coming(today, today + AHEAD, companies=[company.pk])
    start, end = funds_day(company), lasts_until(company)
    rows = [[columns.day(row.day), badge(row), what_cell(row), _against(row, end)] for row in catalysts[:CATALYST_ROWS]]
    drawn = _picture(today, start, end, catalysts) if start and end else None
    return SafeString(
        render_to_string(
            "admin/signals_app/runway.html",
            {
                "title": "Coming catalysts", "said": _said(company, today, end, catalysts), "picture": drawn,
                "headers": ["Day", "Kind", "What", "Money"], "rows": rows, "numeric": frozenset(),
                "empty": "No day ahead is known. Add a milestone to one of its drugs, or load ClinicalTrials.gov.",
            },
        )
    )  # fmt: skip


def _said(company: Company, today: dt.date, end: dt.date | None, catalysts: list[Catalyst]) -> str:
    burn = company.quarterly_burn_rate_usd
    if burn is not None and burn <= 0:
        return "It earns cash: there is no runway to run out."
    if end is None:
        return "How long the money lasts is not known: liquid funds, burn or the balance sheet's day are missing."
    lasts = f"At the present burn the money of the last balance sheet lasts to {figures.day(end)}"
    if end < today:
        return f"{lasts}, which is past: money has come in since, or the burn fell."
    if not catalysts:
        return f"{lasts}."
    first = catalysts[0]
    months = round(abs((end - first.day).days) / 30.4)
    place = "after" if first.day <= end else "before"
    return f"{lasts}, {months} months {place} the next catalyst on {figures.day(first.day)}."


def _against(row: Catalyst, end: dt.date | None) -> SafeString:
    if end is None:
        return columns.unknown("How long the money lasts is not known")
    return columns.badge("lasts", "green") if row.day <= end else columns.badge("ends before", "red")


def _picture(today: dt.date, start: dt.date, end: dt.date, catalysts: list[Catalyst]) -> dict[str, Any]:
    """Return where on a line from the balance sheet on the money ends and the catalysts lie, in per cent."""
    last = min(max([end, today, *(row.day for row in catalysts[:CATALYST_ROWS])]), today + AHEAD)
    first = min(start, today)
    whole = max((last - first).days, 1) * 1.08

    def at(day: dt.date) -> str:
        return f"{min(max((day - first).days / whole * 100, 0), 100):.1f}"

    years = [dt.date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    return {
        "start": at(start), "width": f"{max(float(at(end)) - float(at(start)), 0.5):.1f}", "today": at(today),
        "years": [(at(day), day.year) for day in years],
        "marks": [
            (at(row.day), f"{figures.day(row.day)} {row.what}") for row in catalysts[:CATALYST_ROWS] if row.day <= last
        ],
    }  # fmt: skip


def timeline_section(request: HttpRequest, company: Company) -> SafeString:
    """Return two years of signals as dots by severity, and the newest in words."""
    now = timezone.now()
    current = Signal.objects.of_company(company).current()
    since = now - dt.timedelta(days=LINE_DAYS)
    seen = current.defer("description", "signal_data")
    dots = list(seen.filter(event_date__gte=since).recent(MOST_DOTS))
    latest = dots[:LATEST_ROWS] if len(dots) >= LATEST_ROWS else list(seen.recent(LATEST_ROWS))
    here = reverse(SIGNALS)
    drawn = render_to_string("admin/signals_app/timeline.html", _lanes(dots, since, now)) if dots else ""
    return table(
        "Signals",
        ["Event", "Severity", "Type", "Title"],
        signal_rows(latest),
        note=f"dots: the last two years{', the newest ' + str(MOST_DOTS) if len(dots) == MOST_DOTS else ''}",
        url=f"{here}?company__id__exact={company.pk}",
        add_url=f"{reverse('admin:signals_app_signal_add')}?company={company.pk}"
        if request.user.has_perm("signals_app.add_signal")
        else "",
        empty="No signal of this company is known. Load a source, or add one by hand.",
        body=SafeString(drawn),
    )


def _lanes(dots: list[Signal], since: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    whole = (now - since).total_seconds()
    labels = dict(Severity.choices)
    by_severity: dict[str, list[dict[str, str]]] = {severity: [] for severity in reversed(SEVERITY_ORDER)}
    for row in dots:
        by_severity[row.severity].append(
            {
                "at": f"{(row.event_date - since).total_seconds() / whole * 100:.2f}",
                "title": f"{figures.market_day(row.event_date)} {row.title}",
                "url": reverse("admin:signals_app_signal_change", args=[row.pk]),
            }
        )
    years = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in range(since.year + 1, now.year + 1)]
    return {
        "lanes": [(severity, labels[severity], found) for severity, found in by_severity.items()],
        "years": [(f"{(day - since).total_seconds() / whole * 100:.1f}", day.year) for day in years],
    }


def documents_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest filings and releases that can be read."""
    rows = Signal.objects.of_company(company).current().of_types(*DOCUMENTS).filter(source_url__isnull=False)
    return table(
        "Documents",
        ["Day", "What", "Of"],
        [
            [columns.market_day(row.event_date), signal_link(row), row.source]
            for row in rows.defer("description").recent(DOCUMENT_ROWS)
        ],
        url=f"{reverse(SIGNALS)}?company__id__exact={company.pk}&signal_type__in=financial_snapshot",
        empty="No filing is in the ledger. Load EDGAR with the ingest command.",
    )


CompanyAdmin.extend(
    sections=[
        Section("runway", "Runway", 30, "signals_app.view_signal", runway_section),
        Section("signals", "Signals", 50, "signals_app.view_signal", timeline_section, wide=True),
        Section("precedents", "Precedents", 75, "signals_app.view_signal", precedents_section),
        Section("documents", "Documents", 90, "signals_app.view_signal", documents_section),
    ]
)
