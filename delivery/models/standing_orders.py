"""Reports that are made on schedule of a watchlist of the desk."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import json_array, json_shapes, one_of
from biotech_ma.core.models import TimestampedModel, tracked
from companies.models import Watchlist
from delivery.choices import ReportFormat, ScheduledReport
from delivery.querysets import StandingOrderQuerySet


@tracked()
class StandingOrder(TimestampedModel):
    """A report that each slot of its schedule makes of one watchlist, as it stands then, for these recipients."""

    watchlist = models.ForeignKey(
        Watchlist,
        on_delete=models.CASCADE,
        related_name="standing_orders",
        db_index=False,
        help_text="Of which companies.",
        db_comment="Of which companies.",
    )
    report_type = models.CharField(
        "report",
        max_length=32,
        choices=ScheduledReport,
        default=ScheduledReport.WEEKLY_WATCHLIST,
        db_default=ScheduledReport.WEEKLY_WATCHLIST,
        help_text="Which report; its times are those of the desk's own.",
        db_comment="daily_digest or weekly_watchlist.",
    )
    format = models.CharField(
        max_length=8,
        choices=ReportFormat,
        default=ReportFormat.HTML,
        db_default=ReportFormat.HTML,
        help_text="html, pdf, json, csv or xlsx.",
        db_comment="File format.",
    )
    recipients = json_array(
        help_text="E-mail addresses. Empty: it is made and mailed to nobody.", db_comment="Array of e-mail addresses."
    )
    is_active = models.BooleanField(
        "on", default=True, db_default=True, help_text="Whether it is made.", db_comment="Whether it is made."
    )

    objects = StandingOrderQuerySet.as_manager()

    class Meta(TimestampedModel.Meta):
        db_table = "standing_orders"
        db_table_comment = "Reports that are made on schedule of a watchlist of the desk."
        ordering = ["report_type", "id"]
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["watchlist", "report_type"],
                name="standing_orders_uniq",
                violation_error_message="This watchlist has an order of that report already.",
            ),
            one_of("report_type", ScheduledReport, name="standing_orders_type_known"),
            one_of("format", ReportFormat, name="standing_orders_format_known"),
            *json_shapes("standing_orders", arrays=("recipients",)),
        ]

    def __str__(self) -> str:
        return f"{self.get_report_type_display()} of {self.watchlist.public_name}"
