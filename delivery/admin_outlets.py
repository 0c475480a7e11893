"""Reports and alerts as the desk keeps them."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.dashboard import Panel, on_dashboard
from biotech_ma.core.admin.fields import ChoiceListField, JSONObjectField
from biotech_ma.core.admin.filters import DayRangeFilter, NullBooleanFilter
from delivery.admin_fields import RECIPIENTS, TICKERS
from delivery.choices import Channel, ReportStatus
from delivery.models import Alert, AlertTrigger, Report
from signals_app.catalogue import SignalType

STATUS_TONES = {
    ReportStatus.QUEUED: "grey",
    ReportStatus.READY: "blue",
    ReportStatus.SENT: "green",
    ReportStatus.FAILED: "red",
}
KILO = 1024
PANEL_ROWS = 8


def size(value: int | None) -> str:
    """Return a file size in kB or MB."""
    if value is None:
        return columns.unknown("No file")
    text = f"{value / KILO:,.0f} kB" if value < KILO * KILO else f"{value / KILO / KILO:,.1f} MB"
    return columns.hover(text, f"{value:,} bytes")


@admin.register(Report)
class ReportAdmin(ArchiveAdmin):
    """Reports of a period, where they lie and whom they reached."""

    shapes: ClassVar[dict[str, Any]] = {"recipients": RECIPIENTS, "companies_included": TICKERS}
    list_display: Any = ["title", "report_type", "day", "format", "status", "file", "recipients_cell", "sent"]
    list_filter: Any = [
        ("report_type", ChoicesDropdownFilter),
        ("delivery_status", ChoicesDropdownFilter),
        ("format", ChoicesDropdownFilter),
        ("report_date", DayRangeFilter),
    ]
    search_fields: Any = ["title"]
    ordering: Any = ["-report_date", "-id"]
    date_hierarchy = "report_date"
    empty_hint = "Make one with the report command, or let the schedule do it."
    readonly_fields: Any = ["delivery_status", "sent_at", "local_path", "s3_bucket", "s3_key", "file_size_bytes"]
    fieldsets: Any = [
        (
            None,
            {"fields": ["title", ("report_type", "format"), "report_date", ("period_start", "period_end"), "summary"]},
        ),
        ("Content", {"fields": ["companies_included", "key_findings"]}),
        ("Delivery", {"fields": ["recipients", ("delivery_status", "sent_at")]}),
        (
            "File",
            {
                "fields": [("local_path", "file_size_bytes"), ("s3_bucket", "s3_key"), "metadata"],
                "classes": ["collapse"],
            },
        ),
    ]

    @column("Day", order="report_date")
    def day(self, report: Report) -> str:
        """Return the day it reports on."""
        return columns.day(report.report_date)

    @column("Status", order="delivery_status")
    def status(self, report: Report) -> str:
        """Return how far it has come."""
        return columns.badge(report.get_delivery_status_display(), STATUS_TONES[ReportStatus(report.delivery_status)])

    @column("File", order="file_size_bytes", numeric=True)
    def file(self, report: Report) -> str:
        """Return the size of the file."""
        return size(report.file_size_bytes)

    @column("Recipients", numeric=True)
    def recipients_cell(self, report: Report) -> str:
        """Return how many recipients, who on hover."""
        return (
            columns.hover(str(len(report.recipients)), ", ".join(report.recipients))
            if report.recipients
            else columns.unknown("Nobody")
        )

    @column("Sent", order="sent_at")
    def sent(self, report: Report) -> str:
        """Return when it went out."""
        return columns.ago(report.sent_at, hint="Not sent")


CONDITION_HELP = (
    'A JSON object: a comparison {"field": "total_score", "op": "gte", "value": 70}, or {"and": […]}, {"or": […]}, '
    '{"not": {…}} around others. Empty: the type, the threshold and the lists below decide alone.'
)


def _condition(**options: Any) -> JSONObjectField:
    return JSONObjectField(**{**options, "help_text": CONDITION_HELP})


@admin.register(Alert)
class AlertAdmin(ArchiveAdmin):
    """Standing questions: tell these people when this happens."""

    shapes: ClassVar[dict[str, Any]] = {
        "condition": _condition,
        "company_tickers": TICKERS,
        "recipients": RECIPIENTS,
        "signal_types": partial(ChoiceListField, choices=SignalType.choices),
        "notification_channels": partial(ChoiceListField, choices=Channel.choices),
    }
    list_display: Any = ["name", "alert_type", "threshold", "scope", "channels", "is_active", "last", "count"]
    list_filter: Any = [("alert_type", ChoicesDropdownFilter), ("is_active", NullBooleanFilter)]
    search_fields: Any = ["name"]
    ordering: Any = ["name", "id"]
    empty_hint = "Add one: a score over a threshold, a sharp change, a kind of signal."
    readonly_fields: Any = ["last_triggered", "trigger_count"]
    fieldsets: Any = [
        (None, {"fields": [("name", "is_active"), ("alert_type", "threshold_value"), "condition"]}),
        ("Of what", {"fields": ["company_tickers", "signal_types"]}),
        ("Whom to tell", {"fields": ["notification_channels", "recipients"]}),
        ("Record", {"fields": [("last_triggered", "trigger_count"), "metadata"], "classes": ["collapse"]}),
    ]

    @column("Threshold", order="threshold_value", numeric=True)
    def threshold(self, alert: Alert) -> str:
        """Return the threshold."""
        return columns.number(alert.threshold_value, hint="None")

    @column("Companies")
    def scope(self, alert: Alert) -> str:
        """Return the companies that it watches."""
        return columns.chips(alert.company_tickers) if alert.company_tickers else "all"

    @column("Channels")
    def channels(self, alert: Alert) -> str:
        """Return where it goes."""
        return columns.chips(alert.notification_channels, dict(Channel.choices))

    @column("Last", order="last_triggered")
    def last(self, alert: Alert) -> str:
        """Return when it last went off."""
        return columns.ago(alert.last_triggered)

    @column("Times", order="trigger_count", numeric=True)
    def count(self, alert: Alert) -> str:
        """Return how often it went off."""
        return columns.number(alert.trigger_count, 0)


@on_dashboard(order=80, permission="delivery.view_alerttrigger")
def alert_panel(request: HttpRequest) -> Panel:
    """List the alerts that went off last."""
    rows = AlertTrigger.objects.select_related("alert").order_by("-triggered_at", "-id")[:PANEL_ROWS]
    return Panel(
        "Alerts that went off",
        ["When", "Alert", "Why"],
        [[columns.ago(row.triggered_at), row.alert.name, row.reason] for row in rows],
        url=reverse("admin:delivery_alerttrigger_changelist"),
        empty="No alert has gone off. Add one under Alerts.",
    )
