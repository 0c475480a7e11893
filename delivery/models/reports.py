"""Reports of a period, where they lie and whom they reached."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, one_of
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from delivery.choices import (
    MailStatus,
    ReportFormat,
    ReportStatus,
    ReportType,
)
from delivery.models.clients import Client
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
        "file size, bytes", null=True, blank=True, help_text="Size in bytes.", db_comment="Bytes. NULL = no file."
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
    failure = models.TextField(
        null=True,
        blank=True,
        max_length=2_000,
        help_text="Why it could not be made, stored or sent.",
        db_comment="Reason of the last failure. NULL = none.",
    )
    companies_asked = json_array(
        help_text="Tickers asked for; empty: the report chooses.",
        db_comment="Array of tickers; empty = its own choice.",
    )
    companies_included = json_array(
        help_text="Tickers; the name of a company without one.", db_comment="Array of tickers, else names."
    )
    key_findings = json_array(help_text="One line each.", db_comment="Array of lines.")
    content_sha256 = models.CharField(
        "SHA-256 of the content",
        max_length=64,
        null=True,
        blank=True,
        editable=False,
        help_text="Digest of what it says: the same day says the same.",
        db_comment="Hexadecimal SHA-256 of the content as JSON. NULL = not made yet.",
    )
    client = models.ForeignKey(
        Client,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="reports",
        db_index=False,
        help_text="For whom alone it was made, by schedule. Other clients do not see it.",
        db_comment="The client for whom alone it was made. NULL = the desk's.",
    )
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who ordered it.",
        db_comment="The user who ordered it. NULL = a program, the schedule, or the user is gone.",
    )
    ordered_by_client = models.ForeignKey(
        Client,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The API client that ordered it.",
        db_comment="The API client that ordered it. NULL = none did, or it is gone.",
    )
    slot = models.CharField(
        max_length=120,
        null=True,
        blank=True,
        editable=False,
        help_text="The schedule's slot that ordered it, and for whom.",
        db_comment="Slot of the schedule. NULL = ordered by somebody.",
    )
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")

    objects = LiveManager.from_queryset(ReportQuerySet)()
    all_objects = ReportQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "reports"
        db_table_comment = "Reports and their delivery."
        ordering = ["-report_date", "-id"]
        base_manager_name = "all_objects"
        constraints = [
            *json_shapes(
                "reports",
                arrays=("recipients", "companies_asked", "companies_included", "key_findings"),
                objects=("metadata",),
            ),
            # one report a slot, however many workers look at the schedule
            models.UniqueConstraint(
                fields=["slot"], name="reports_slot_uniq", violation_error_message="This slot has its report already."
            ),
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
            # a client's reports; serves the foreign key
            models.Index(fields=["client"], name="reports_client_idx"),
            # the reports that a client ordered; serves the foreign key
            models.Index(fields=["ordered_by_client"], name="reports_ordered_by_client_idx"),
        ]

    def __str__(self) -> str:
        return self.title


class ReportMail(TimestampedModel):
    """A report on its way to one recipient, at least once: a worker that dies in between sends it again, same id."""

    report = models.ForeignKey(
        Report,
        on_delete=models.DB_CASCADE,
        related_name="mails",
        db_index=False,
        help_text="The report.",
        db_comment="The report.",
    )
    recipient = models.CharField(max_length=254, help_text="E-mail address.", db_comment="E-mail address.")
    status = models.CharField(
        max_length=16,
        choices=MailStatus,
        default=MailStatus.PENDING,
        db_default=MailStatus.PENDING,
        help_text="Pending, sent or failed.",
        db_comment="pending, sent or failed.",
    )
    message_id = models.CharField(
        "message ID", max_length=255, help_text="Message-ID header.", db_comment="The same on each attempt."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Attempts so far.", db_comment="Attempts so far."
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it went out.", db_comment="NULL = not sent.")
    error = models.TextField(
        blank=True, default="", db_default="", help_text="Why the last attempt failed.", db_comment="Empty = none."
    )

    class Meta(TimestampedModel.Meta):
        db_table = "report_mails"
        db_table_comment = "Reports on their way by e-mail, a row a recipient."
        ordering = ["report_id", "recipient"]
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["report", "recipient"],
                name="report_mails_uniq",
                violation_error_message="This recipient has the report already.",
            ),
            one_of("status", MailStatus, name="report_mails_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.status}"
