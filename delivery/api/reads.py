"""Reports, alerts, webhooks, clients and their logs as the API shows them; secrets are never among the fields."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import F, Func, TextField, Value

from biotech_ma.core.api.resources import Column, Resource, columns
from delivery.models import Alert, AlertTrigger, Client, Report, Webhook, WebhookDelivery

STAMPS = ("created_at", "updated_at")
BODY = Func(F("body"), Value("UTF8"), function="convert_from", output_field=TextField())

REPORTS = Resource(
    name="Report",
    model=Report,
    fields=tuple(
        columns(
            "id",
            "report_type",
            "report_date",
            "period_start",
            "period_end",
            "title",
            "summary",
            "format",
            "delivery_status",
            "failure",
            "file_size_bytes",
            "content_sha256",
            "recipients",
            "sent_at",
            "companies_asked",
            "companies_included",
            "key_findings",
            "metadata",
            *STAMPS,
        )
    ),
    ordering=("-report_date", "-id"),
    orderable={"created_at": "created_at", "title": "title"},
)

ALERTS = Resource(
    name="Alert",
    model=Alert,
    fields=tuple(
        columns(
            "id",
            "name",
            "alert_type",
            "condition",
            "threshold_value",
            "direction",
            "hysteresis_points",
            "client_id",
            "watchlist_id",
            "company_tickers",
            "signal_types",
            "is_active",
            "last_triggered",
            "trigger_count",
            "notification_channels",
            "recipients",
            "digest",
            "digest_at",
            "quiet_from",
            "quiet_until",
            "metadata",
            *STAMPS,
        )
    ),
    ordering=("name",),
    orderable={"last_triggered": "last_triggered", "trigger_count": "trigger_count", "created_at": "created_at"},
)

ALERT_TRIGGERS = Resource(
    name="AlertTrigger",
    model=AlertTrigger,
    fields=(
        Column("id"),
        Column("alert_id"),
        Column("alert_name", "alert__name"),
        Column("company_id"),
        Column("ticker", "company__ticker"),
        *columns("signal_id", "score_id", "cause", "triggered_at", "reason", "details"),
    ),
    ordering=("-triggered_at", "-id"),
)

WEBHOOKS = Resource(
    name="Webhook",
    model=Webhook,
    fields=tuple(
        columns(
            "id",
            "name",
            "client_id",
            "url",
            "event_types",
            "company_tickers",
            "min_score",
            "is_active",
            "last_triggered",
            "success_count",
            "failure_count",
            "last_error",
            "failing_since",
            "disabled_reason",
            "retry_policy",
            "timeout_seconds",
            "contact_email",
            "previous_secret_until",
            "metadata",
            *STAMPS,
        )
    ),
    ordering=("name",),
    orderable={"last_triggered": "last_triggered", "created_at": "created_at"},
)

# Lists and exports pass through many hands: what stands behind a parameter's name in an address stays out of them.
MASK = "***"
MASKED_URL = Func(
    F("url"), Value(r"([?&][^=&#]*=)[^&#]*"), Value(rf"\1{MASK}"), Value("g"), function="regexp_replace",
    output_field=TextField(),
)  # fmt: skip
WEBHOOKS_LISTED = replace(
    WEBHOOKS,
    name="ListedWebhook",
    fields=tuple(
        Column("url", MASKED_URL, help_text="Its address, without the values of its parameters.")
        if column.name == "url"
        else column
        for column in WEBHOOKS.fields
    ),
)

WEBHOOK_DELIVERIES = Resource(
    name="WebhookDelivery",
    model=WebhookDelivery,
    fields=(
        *columns(
            "id",
            "webhook_id",
            "event_type",
            "event_id",
            "status",
            "attempts",
            "next_attempt_at",
            "delivered_at",
            "response_status",
            "response_body",
            "error",
            *STAMPS,
        ),
        Column("body", BODY, on_request=True, help_text="The exact text that is signed and sent."),
    ),
    ordering=("-id",),
)

CLIENTS = Resource(
    name="Client",
    model=Client,
    fields=tuple(
        columns(
            "id",
            "client_name",
            "key_prefix",
            "client_type",
            "scopes",
            "is_active",
            "expires_at",
            "allowed_endpoints",
            "rate_limit_per_hour",
            "watchlist_tickers",
            "notification_preferences",
            "custom_thresholds",
            "last_access",
            "request_count",
            "contact_email",
            "metadata",
            *STAMPS,
        )
    ),
    ordering=("client_name",),
    orderable={"last_access": "last_access", "request_count": "request_count", "created_at": "created_at"},
)
