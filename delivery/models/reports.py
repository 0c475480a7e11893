"""Reports of a period, where they lie and whom they reached."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, one_of
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, tracked
from delivery.choices import (
    ReportFormat,
    ReportStatus,
    ReportType,
)
from delivery.querysets import ReportQuerySet


@tracked()
class Report(SoftDeleteModel):
    """A report of a period, where it lies and whom it reached."""

    report_type = models.CharField(
        "type", max_length=32, choices=ReportType, help_text="What it is about.", db_comment="What it is about."
    )
    report_date = models.DateField(help_text="The day it reports on.", db_comment="The day it reports on.")
    period_start = models.DateField(null=True, blank=True, help_text="First day covered.", db_comment="NULL = one day.")
    period_end = models.DateField(null=True, blank=True, help_text="Last day covered.", db_comment="NULL = one day.")
    title = models.CharField(max_length=500, help_text="Title.", db_comment="Title.")
    summary = models.TextField(
        null=True, blank=True, max_length=20_000, help_text="The gist.", db_comment="NULL = none."
    )
    format = models.CharField(
        max_length=8,
        choices=ReportFormat,
        default=ReportFormat.HTML,
        db_default=ReportFormat.HTML,
        help_text="html, pdf, json, csv or xlsx.",
        db_comment="File format.",
    )
    s3_key = models.CharField(
        max_length=1024, null=True, blank=True, help_text="Key in the bucket.", db_comment="NULL = not in S3."
    )
    s3_bucket = models.CharField(
        max_length=255, null=True, blank=True, help_text="Bucket.", db_comment="NULL = not in S3."
    )
    local_path = models.CharField(
        max_length=1024, null=True, blank=True, help_text="Path in the file storage.", db_comment="NULL = not on disk."
    )
    file_size_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Size in bytes.", db_comment="Bytes. NULL = no file."
    )
    recipients = json_array(help_text="E-mail addresses.", db_comment="Array of e-mail addresses.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it went out.", db_comment="NULL = not sent.")
    delivery_status = models.CharField(
        max_length=16,
        choices=ReportStatus,
        default=ReportStatus.QUEUED,
        db_default=ReportStatus.QUEUED,
        help_text="Queued, ready, sent or failed.",
        db_comment="queued, ready, sent or failed.",
    )
    companies_included = json_array(help_text="Tickers.", db_comment="Array of tickers.")
    key_findings = json_array(help_text="One line each.", db_comment="Array of lines.")
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")

    objects = LiveManager.from_queryset(ReportQuerySet)()
    all_objects = ReportQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "reports"
        db_table_comment = "Reports and their delivery."
        ordering = ["-report_date", "-id"]
        base_manager_name = "all_objects"
        constraints = [
            *json_shapes("reports", arrays=("recipients", "companies_included", "key_findings"), objects=("metadata",)),
            one_of("report_type", ReportType, name="reports_type_known"),
            one_of("format", ReportFormat, name="reports_format_known"),
            one_of("delivery_status", ReportStatus, name="reports_status_known"),
            models.CheckConstraint(
                condition=models.Q(period_end__gte=models.F("period_start"))
                | models.Q(period_start__isnull=True)
                | models.Q(period_end__isnull=True),
                name="reports_period_ordered",
                violation_error_message="A period ends after it starts.",
            ),
        ]
        indexes = [
            # reports of a type and period
            models.Index(fields=["report_type", "-report_date"], name="reports_type_date_idx"),
            # recent reports
            models.Index(fields=["-report_date", "-id"], name="reports_date_idx"),
            # archived rows
            models.Index(fields=["deleted_at"], name="reports_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return self.title
