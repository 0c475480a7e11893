"""Webhooks: endpoints that are told of events."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.confirm import Question
from biotech_ma.core.admin.fields import ChoiceListField, LinesField
from biotech_ma.core.admin.filters import NullBooleanFilter, array_filter
from delivery.admin_fields import TICKERS
from delivery.admin_secrets import SecretAdmin
from delivery.choices import EventType
from delivery.models import Webhook
from delivery.services import create_webhook, rotate_webhook_secret


def _retry_policy(**options: Any) -> LinesField:
    return DelaysField(
        **{**options, "help_text": "Seconds until each further attempt, one a line. Empty: the default."}
    )


class DelaysField(LinesField):
    """The delays of a retry policy, in seconds, one a line."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(str(delay) for delay in value.get("delays", []))
        return super().prepare_value(value)

    def clean(self, value: Any) -> Any:
        """Return the policy; refuse what is no number of seconds."""
        text = forms.CharField.clean(self, value) or ""
        delays = [line.strip() for line in text.splitlines() if line.strip()]
        if wrong := [delay for delay in delays if not delay.isascii() or not delay.isdigit()]:
            raise ValidationError(f"Not a number of seconds: {json.dumps(wrong[0][:40])}.", code="invalid")
        return {"delays": [int(delay) for delay in delays]} if delays else {}


@admin.register(Webhook)
class WebhookAdmin(SecretAdmin):
    """Endpoints that are told of events."""

    shown_name = "signing secret"
    shown_use = "The endpoint checks the webhook-signature header with it, as Standard Webhooks describes."
    shapes: ClassVar[dict[str, Any]] = {
        "event_types": partial(ChoiceListField, choices=EventType.choices),
        "company_tickers": TICKERS,
        "retry_policy": _retry_policy,
    }
    list_display: Any = ["name", "url_cell", "events", "is_active", "arrived", "failed", "last", "error_cell"]
    list_filter: Any = [("is_active", NullBooleanFilter), array_filter("event_types", EventType, "event")]
    search_fields: Any = ["name", "url"]
    ordering: Any = ["name", "id"]
    actions_detail: Any = ["rotate_secret", *ArchiveAdmin.actions_detail]
    empty_hint = "Add an endpoint, and it is told of signals, scores, matches, alerts and reports."
    readonly_fields: Any = ["last_triggered", "success_count", "failure_count", "last_error", "previous_secret_until"]
    fieldsets: Any = [
        (None, {"fields": [("name", "is_active"), "url"]}),
        ("Of what", {"fields": ["event_types", "company_tickers", "min_score"]}),
        ("How", {"fields": ["timeout_seconds", "retry_policy", "metadata"]}),
        (
            "Record",
            {"fields": [("success_count", "failure_count"), ("last_triggered", "last_error"), "previous_secret_until"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the webhooks without their secrets: no page shows them."""
        return super().get_queryset(request).defer("secret", "previous_secret")

    def create(self, values: dict[str, Any]) -> tuple[Any, str]:
        """Return the new webhook and its secret."""
        return create_webhook(**values)

    @action(description="New secret", permissions=["change"], url_path="rotate", icon="key")  # type: ignore[untyped-decorator]
    def rotate_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the webhook a new secret, after asking, and show it once."""
        question = Question("Give it a new secret?", "The former secret signs too for another 24 hours.", "New secret")
        return self.rotated(
            request, object_id, question, lambda row, reason: rotate_webhook_secret(webhook=row, reason=reason)
        )

    @column("Address", order="url")
    def url_cell(self, webhook: Webhook) -> str:
        """Return the address, cut at the column's width."""
        return columns.cut(webhook.url)

    @column("Events")
    def events(self, webhook: Webhook) -> str:
        """Return the events that it wants."""
        return columns.chips(webhook.event_types, dict(EventType.choices), most=2) if webhook.event_types else "all"

    @column("Arrived", order="success_count", numeric=True)
    def arrived(self, webhook: Webhook) -> str:
        """Return how many deliveries arrived."""
        return columns.number(webhook.success_count, 0)

    @column("Failed", order="failure_count", numeric=True)
    def failed(self, webhook: Webhook) -> str:
        """Return how many attempts failed."""
        return columns.number(webhook.failure_count, 0)

    @column("Last", order="last_triggered")
    def last(self, webhook: Webhook) -> str:
        """Return when it was last told."""
        return columns.ago(webhook.last_triggered)

    @column("Error")
    def error_cell(self, webhook: Webhook) -> str:
        """Return the last error."""
        return columns.cut(webhook.last_error) if webhook.last_error else columns.unknown("None")
