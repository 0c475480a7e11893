"""What delivery puts on the first page: the user's alerts, and the reports."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from biotech_ma.core import closed
from biotech_ma.core.admin import columns
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from biotech_ma.core.admin.visits import since_of
from companies.admin import company_link
from delivery.admin_inbox import unread_count
from delivery.admin_reports import STATUS_TONES
from delivery.choices import ReportStatus
from delivery.models import AlertTrigger, Report

PANEL_ROWS = 8


@on_dashboard(order=30, permission="delivery.view_alerttrigger")
def alert_tile(request: HttpRequest) -> Tile:
    """Count the alerts that went off since the last visit, and what is unread in the user's own inbox."""
    number = max((row.new for row in _latest(request)), default=0)
    unread = unread_count(request) or 0
    inbox = format_html(
        '<a class="desk-tile-part" href="{}?reading=unread">{} unread in your inbox</a>',
        reverse("admin:delivery_inboxitem_changelist"), f"{unread:,}",
    )  # fmt: skip
    quiet = "" if number or unread else "none went off"
    return Tile(
        "Alerts", f"{number:,}", quiet, reverse("admin:delivery_alerttrigger_changelist"), [inbox] if unread else []
    )


def _latest(request: HttpRequest) -> list[Any]:
    """Return the alerts that went off last, each with how many did since the last visit; once a request."""
    kept: list[Any] | None = getattr(request, "desk_latest_triggers", None)
    if kept is None:
        rows = closed.narrowed(AlertTrigger.objects.order_by(), closed.reader_of(request.user))
        since = rows.filter(triggered_at__gte=since_of(request).at).values(all=Value(1)).annotate(new=Count("pk"))
        shown = rows.select_related("alert", "company").defer("company__search_vector", "alert__slack_webhook_url")
        shown = shown.annotate(new=Coalesce(Subquery(since.values("new")), 0)).order_by("-triggered_at", "-id")
        kept = list(shown[:PANEL_ROWS])
        request.desk_latest_triggers = kept  # type: ignore[attr-defined]
    return kept


@on_dashboard(order=80, permission="delivery.view_alerttrigger")
def alert_panel(request: HttpRequest) -> Panel:
    """List the alerts that went off last."""
    return Panel(
        "Alerts that went off",
        ["When", "Alert", "Company", "Why"],
        [
            [columns.ago(row.triggered_at), row.alert.name, company_link(row.company), columns.cut(row.reason)]
            for row in _latest(request)
        ],
        url=reverse("admin:delivery_alerttrigger_changelist"),
        empty="No alert has gone off. Add one under Alerts.",
    )


@on_dashboard(order=85, permission="delivery.view_report")
def report_panel(request: HttpRequest) -> Panel:
    """List the newest reports, with how they stand."""
    rows = closed.narrowed(Report.objects.order_by("-id"), closed.reader_of(request.user))
    rows = rows.defer("metadata", "summary", "key_findings")[:PANEL_ROWS]
    return Panel(
        "Reports",
        ["Report", "State", "Made for"],
        [
            [
                columns.link(reverse("admin:delivery_report_change", args=[row.pk]), row.title),
                columns.badge(row.get_delivery_status_display(), STATUS_TONES[ReportStatus(row.delivery_status)],
                              title=row.failure or ""),
                ", ".join(row.recipients[:2]) or columns.unknown("Nobody"),
            ]
            for row in rows
        ],
        url=reverse("admin:delivery_report_changelist"),
        empty="No report yet. Add one under Reports, or run the report command.",
    )  # fmt: skip
