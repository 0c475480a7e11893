"""Reports as the desk keeps them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.filters import DayRangeFilter
from delivery.admin_fields import RECIPIENTS, TICKERS
from delivery.choices import ReportStatus
from delivery.models import Report

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
