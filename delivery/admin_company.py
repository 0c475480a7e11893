"""What delivery shows on a company's page: the reports that name it, and the alerts that went off for it."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core import closed
from biotech_ma.core.admin import columns
from biotech_ma.core.admin.pages import Section
from biotech_ma.core.admin.tables import table
from companies.admin import CompanyAdmin
from companies.admin_closed import closed_card
from companies.models import Company
from delivery.models import AlertTrigger, Report

ROWS = 6


def reports_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest reports that name the company."""
    notice = closed_card(request, company, "Reports that name it")
    if notice is not None:
        return notice
    named = Report.objects.filter(_named(company))
    named = closed.narrowed(named, closed.reader_of(request.user))
    rows = named.order_by("-report_date", "-id").defer("metadata", "summary")[:ROWS]
    return table(
        "Reports that name it",
        ["Day", "Report", "Findings"],
        [
            [
                columns.day(row.report_date),
                columns.link(reverse("admin:delivery_report_change", args=[row.pk]), row.title),
                columns.bullets(list(row.key_findings)[:2], empty="Not made yet"),
            ]
            for row in rows
        ],
        add_url=f"{reverse('admin:delivery_report_add')}" if request.user.has_perm("delivery.add_report") else "",
        empty="No report names it yet. Add a deep dive under Reports.",
    )


def _named(company: Company) -> Q:
    """Return the condition that a report names the company, or a duplicate that was merged into it."""
    named = Q(companies_included__contains=[company.ticker or company.name])
    if len(company.same_ids) > 1:
        for ticker, name in Company.all_objects.filter(merged_into=company).values_list("ticker", "name"):
            named |= Q(companies_included__contains=[ticker or name])
    return named


def alerts_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest alerts that went off for the company."""
    notice = closed_card(request, company, "Alerts that went off")
    if notice is not None:
        return notice
    rows = AlertTrigger.objects.filter(company_id__in=company.same_ids)
    rows = rows.select_related("alert").defer("alert__slack_webhook_url")
    return table(
        "Alerts that went off",
        ["When", "Alert", "Why"],
        [
            [
                columns.ago(row.triggered_at),
                columns.link(reverse("admin:delivery_alert_change", args=[row.alert_id]), row.alert.name),
                columns.cut(row.reason),
            ]
            for row in rows.order_by("-triggered_at", "-id")[:ROWS]
        ],
        empty="No alert has gone off for it. Add one under Alerts.",
    )


CompanyAdmin.extend(
    sections=[
        Section("reports", "Reports", 92, "delivery.view_report", reports_section),
        Section("alerts", "Alerts", 94, "delivery.view_alerttrigger", alerts_section),
    ]
)
