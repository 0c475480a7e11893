"""What leaves the desk: reports, alerts, webhooks, API clients, and the logs that make them trustworthy."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.fields import json_array, json_object, json_shapes, list_of, one_of, within
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from companies.models import Company
from delivery.choices import (
    AlertType,
    Channel,
    ClientType,
    DeliveryStatus,
    EventType,
    ReportFormat,
    ReportStatus,
    ReportType,
    Scope,
)
from delivery.querysets import AlertQuerySet, ClientQuerySet, ReportQuerySet, WebhookQuerySet
from scoring.models import MAScore
from signals_app.models import Signal


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


@tracked(exclude=["last_triggered", "trigger_count"])
class Alert(SoftDeleteModel):
    """A standing question: tell these people when this happens."""

    name = models.CharField(max_length=255, help_text="What it watches for.", db_comment="Name.")
    alert_type = models.CharField(
        "type", max_length=32, choices=AlertType, help_text="What sets it off.", db_comment="What sets it off."
    )
    condition = json_object(help_text="Field, operator and value; and, or, not.", db_comment="Condition tree.")
    threshold_value = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Score or change that sets it off.",
        db_comment="NULL = none.",
    )
    company_tickers = json_array(help_text="Only these companies; empty means all.", db_comment="Array; empty = all.")
    signal_types = json_array(help_text="Only these types; empty means all.", db_comment="Array; empty = all.")
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Whether it watches.", db_comment="Whether it watches."
    )
    last_triggered = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it last went off.", db_comment="NULL = never."
    )
    trigger_count = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How often it went off.", db_comment="How often it went off."
    )
    notification_channels = json_array(help_text="inbox, email, slack, webhook.", db_comment="Array of channels.")
    recipients = json_array(help_text="E-mail addresses.", db_comment="Array of e-mail addresses.")
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")

    objects = LiveManager.from_queryset(AlertQuerySet)()
    all_objects = AlertQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "alerts"
        db_table_comment = "Standing questions of the desk."
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            one_of("alert_type", AlertType, name="alerts_type_known"),
            list_of("notification_channels", Channel, name="alerts_channels_known", noun="Channels"),
            *json_shapes(
                "alerts", arrays=("company_tickers", "signal_types", "recipients"), objects=("condition", "metadata")
            ),
        ]
        indexes = [
            # active alerts of a type
            models.Index(fields=["alert_type", "is_active"], name="alerts_type_active_idx", condition=LIVE),
            # archived rows
            models.Index(fields=["deleted_at"], name="alerts_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return self.name


class AlertTrigger(TimestampedModel):
    """One time that an alert went off, with its cause. Never twice for the same cause."""

    alert = models.ForeignKey(
        Alert,
        on_delete=models.DB_CASCADE,
        related_name="triggers",
        db_index=False,
        help_text="The alert.",
        db_comment="The alert.",
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="alert_triggers",
        db_index=False,
        help_text="Whom it concerns.",
        db_comment="NULL = no single company.",
    )
    signal = models.ForeignKey(
        Signal,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="alert_triggers",
        db_index=False,
        help_text="The signal behind it.",
        db_comment="NULL = none.",
    )
    score = models.ForeignKey(
        MAScore,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="alert_triggers",
        db_index=False,
        help_text="The score behind it.",
        db_comment="NULL = none.",
    )
    cause = models.CharField(
        max_length=255,
        help_text="Identifier of the cause: the same one triggers once.",
        db_comment="Identifier of the cause, unique within the alert.",
    )
    triggered_at = models.DateTimeField(db_default=Now(), help_text="When it went off.", db_comment="When it went off.")
    reason = models.TextField(help_text="Why, in one line.", db_comment="Why, in one line.")
    details = json_object(help_text="Values at that moment.", db_comment="Values at that moment.")

    class Meta(TimestampedModel.Meta):
        db_table = "alert_triggers"
        db_table_comment = "History of alerts."
        ordering = ["-triggered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "cause"],
                name="alert_triggers_uniq",
                violation_error_message="This cause has set the alert off already.",
            ),
        ]
        indexes = [
            # history, newest first
            models.Index(fields=["-triggered_at", "-id"], name="alert_triggers_recent_idx"),
            # what went off about a company, a signal, a score; they serve the foreign keys
            models.Index(fields=["company"], name="alert_triggers_company_idx"),
            models.Index(fields=["signal"], name="alert_triggers_signal_idx"),
            models.Index(fields=["score"], name="alert_triggers_score_idx"),
        ]

    def __str__(self) -> str:
        return self.reason


@tracked(exclude=["secret", "previous_secret", "last_triggered", "success_count", "failure_count", "last_error"])
class Webhook(SoftDeleteModel):
    """An address that is told of events, signed as Standard Webhooks says."""

    name = models.CharField(max_length=255, help_text="Whose endpoint it is.", db_comment="Name.")
    url = models.URLField(
        max_length=2000,
        help_text="https address that receives the events.",
        db_comment="Address that receives the events.",
    )
    secret = EncryptedTextField(
        editable=False, help_text="Signing secret; shown once.", db_comment="Signing secret, encrypted."
    )
    previous_secret = EncryptedTextField(
        null=True,
        blank=True,
        editable=False,
        help_text="Valid during rotation.",
        db_comment="Valid until previous_secret_until, encrypted. NULL = none.",
    )
    previous_secret_until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Until when the former secret also signs.",
        db_comment="NULL = no rotation under way.",
    )
    event_types = json_array(help_text="Events it wants; empty means all.", db_comment="Array; empty = all.")
    company_tickers = json_array(help_text="Only these companies; empty means all.", db_comment="Array; empty = all.")
    min_score = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Only companies with at least this score.",
        db_comment="0-100. NULL = any.",
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Whether it is told.", db_comment="Whether it is told."
    )
    last_triggered = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Last attempt.", db_comment="NULL = never."
    )
    success_count = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Deliveries that arrived.",
        db_comment="Deliveries that arrived.",
    )
    failure_count = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="Attempts that failed.", db_comment="Attempts that failed."
    )
    last_error = models.TextField(
        null=True,
        blank=True,
        editable=False,
        help_text="Cleared by a success.",
        db_comment="NULL = the last attempt arrived.",
    )
    retry_policy = json_object(
        help_text='Seconds between attempts: {"delays": [5, 300]}. Empty means the default.',
        db_comment='{"delays": [seconds, …]}; empty = the default schedule.',
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        default=15,
        db_default=15,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="How long an answer may take.",
        db_comment="Seconds, 1-60.",
    )
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")

    objects = LiveManager.from_queryset(WebhookQuerySet)()
    all_objects = WebhookQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "webhooks"
        db_table_comment = "Endpoints that are told of events."
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            list_of("event_types", EventType, name="webhooks_events_known", noun="Event types"),
            *json_shapes("webhooks", arrays=("company_tickers",), objects=("retry_policy", "metadata")),
            models.CheckConstraint(
                condition=models.Q(url__regex=r"^https?://[^/@\s]+(/\S*)?$"),
                name="webhooks_url_form",
                violation_error_message="An http or https address without credentials.",
            ),
            within("min_score", 0, 100, name="webhooks_min_score_range", message="A score lies between 0 and 100."),
            within(
                "timeout_seconds",
                1,
                60,
                name="webhooks_timeout_range",
                message="A timeout lies between 1 and 60 seconds.",
            ),
        ]
        indexes = [
            # active webhooks; their events are looked at row by row, for an empty list wants all of them
            models.Index(fields=["name"], name="webhooks_active_idx", condition=LIVE & models.Q(is_active=True)),
            # archived rows
            models.Index(fields=["deleted_at"], name="webhooks_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(TimestampedModel):
    """One event on its way to one endpoint: the exact bytes, the attempts, the answer. Its id is the webhook-id."""

    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.DB_CASCADE,
        related_name="deliveries",
        db_index=False,
        help_text="The endpoint.",
        db_comment="The endpoint.",
    )
    event_type = models.CharField(
        max_length=32, choices=EventType, help_text="Kind of event.", db_comment="Kind of event."
    )
    body = models.BinaryField(
        help_text="The exact bytes that are signed and sent.", db_comment="The exact bytes that are signed and sent."
    )
    status = models.CharField(
        max_length=16,
        choices=DeliveryStatus,
        default=DeliveryStatus.PENDING,
        db_default=DeliveryStatus.PENDING,
        help_text="pending, delivered or failed.",
        db_comment="pending, delivered or failed.",
    )
    attempts = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Attempts so far.", db_comment="Attempts so far."
    )
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text="When it is due.", db_comment="NULL = no further attempt."
    )
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="When it arrived.", db_comment="NULL = not yet."
    )
    response_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status of the last answer.", db_comment="NULL = no answer."
    )
    response_body = models.TextField(
        null=True, blank=True, help_text="Start of the last answer.", db_comment="Capped. NULL = none."
    )
    error = models.TextField(null=True, blank=True, help_text="Why the last attempt failed.", db_comment="NULL = none.")

    class Meta(TimestampedModel.Meta):
        db_table = "webhook_deliveries"
        db_table_comment = "Delivery log of the webhooks."
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        constraints = [
            one_of("event_type", EventType, name="webhook_deliveries_event_known"),
            one_of("status", DeliveryStatus, name="webhook_deliveries_status_known"),
        ]
        indexes = [
            # deliveries of an endpoint, newest first; its prefix serves the foreign key
            models.Index(fields=["webhook", "-id"], name="webhook_deliveries_recent_idx"),
            # what is due
            models.Index(
                fields=["next_attempt_at"],
                name="webhook_deliveries_due_idx",
                condition=models.Q(status=DeliveryStatus.PENDING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.status}"


@tracked(exclude=["api_key", "last_access", "request_count"])
class Client(SoftDeleteModel):
    """A program that may call the API. Only the digest of its key is kept."""

    client_name = models.CharField(
        "name", max_length=255, help_text="Who holds the key.", db_comment="Who holds the key."
    )
    api_key = models.CharField(
        max_length=64,
        editable=False,
        help_text="SHA-256 of the key, never the key.",
        db_comment="SHA-256 of the key, hexadecimal.",
    )
    key_prefix = models.CharField(
        max_length=16,
        editable=False,
        help_text="The part of the key that is not secret.",
        db_comment="The part of the key that is not secret.",
    )
    client_type = models.CharField(
        max_length=32,
        choices=ClientType,
        default=ClientType.INTERNAL,
        db_default=ClientType.INTERNAL,
        help_text="Who they are.",
        db_comment="Who they are.",
    )
    scopes = json_array(help_text="read, write:<resource>, admin.", db_comment="Array: read, write:<resource>, admin.")
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="A revoked key is not active.", db_comment="False = revoked."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When the key stops working.", db_comment="NULL = never."
    )
    allowed_endpoints = json_array(
        help_text="Resources it may call; empty means all.", db_comment="Array; empty = all."
    )
    rate_limit_per_hour = models.PositiveIntegerField(
        default=10_000,
        db_default=10_000,
        validators=[MinValueValidator(1)],
        help_text="Requests in a UTC hour.",
        db_comment="Requests in a UTC hour.",
    )
    watchlist_tickers = json_array(help_text="Companies they follow.", db_comment="Array of tickers.")
    notification_preferences = json_object(help_text="How they want to hear of things.", db_comment="Free object.")
    custom_thresholds = json_object(help_text="Their own thresholds.", db_comment="Free object.")
    last_access = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Last call.", db_comment="NULL = never."
    )
    request_count = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="Calls so far.", db_comment="Calls so far."
    )
    contact_email = models.EmailField(
        null=True, blank=True, help_text="Whom to write to.", db_comment="NULL = unknown."
    )
    metadata = json_object(help_text="Anything else worth keeping.", db_comment="Free object.")

    objects = LiveManager.from_queryset(ClientQuerySet)()
    all_objects = ClientQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "clients"
        db_table_comment = "Holders of API keys."
        verbose_name = "API client"
        ordering = ["client_name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            *json_shapes(
                "clients",
                arrays=("allowed_endpoints", "watchlist_tickers"),
                objects=("notification_preferences", "custom_thresholds", "metadata"),
            ),
            one_of("client_type", ClientType, name="clients_type_known"),
            # the client of a key; not unique=True, which adds a second index for LIKE
            models.UniqueConstraint(
                fields=["api_key"],
                name="clients_api_key_uniq",
                violation_error_message="Another client has this key.",
            ),
            list_of("scopes", Scope, name="clients_scopes_known", noun="Scopes"),
            models.CheckConstraint(
                condition=models.Q(api_key__regex=r"^[0-9a-f]{64}$"),
                name="clients_api_key_form",
                violation_error_message="Only the SHA-256 of a key is kept.",
            ),
            within(
                "rate_limit_per_hour",
                1,
                None,
                name="clients_rate_limit_positive",
                message="A limit is at least one request an hour.",
            ),
        ]
        indexes = [
            # active clients
            models.Index(fields=["client_name"], name="clients_active_idx", condition=LIVE & models.Q(is_active=True)),
            # archived rows
            models.Index(fields=["deleted_at"], name="clients_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return self.client_name


class ClientUsage(models.Model):
    """How often a client called in one hour: what the hourly limit counts, exact over any number of workers."""

    pk = models.CompositePrimaryKey("client", "hour")
    client = models.ForeignKey(
        Client,
        on_delete=models.DB_CASCADE,
        related_name="usage",
        db_index=False,
        help_text="Who called.",
        db_comment="Who called.",
    )
    hour = models.DateTimeField(help_text="Start of the hour.", db_comment="Start of the UTC hour.")
    requests = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls in the hour.", db_comment="Calls in the hour."
    )
    recorded = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="How many of them the client's own count has.",
        db_comment="How many of them clients.request_count has.",
    )

    class Meta:
        db_table = "client_usage"
        db_table_comment = "Calls by client and hour; unlogged, so that counting waits for no disk."
        verbose_name_plural = "client usage"
        ordering = ["-hour"]

    def __str__(self) -> str:
        return f"{self.requests} in the hour from {self.hour:%Y-%m-%d %H:%M}"
