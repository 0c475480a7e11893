"""Webhooks: endpoints that are told of events."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.bulk_edit import BulkEdit
from biotech_ma.core.admin.column_data import WORDS, labelled
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.dashboard import Panel, on_dashboard
from biotech_ma.core.admin.exports import columns_of
from biotech_ma.core.admin.fields import ChoiceListField, LinesField
from biotech_ma.core.admin.filters import NullBooleanFilter, array_filter
from biotech_ma.core.services import Refused
from delivery.admin_fields import TICKERS, say_where_they_lead
from delivery.admin_secrets import SecretAdmin
from delivery.api.reads import MASK, MASKED_URL
from delivery.choices import EventType
from delivery.models import Webhook
from delivery.services import clear_webhook, create_webhook, ping_webhook, rotate_webhook_secret
from delivery.webhooks.schedule import validate_retry_policy

SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
PARAMETER = re.compile(r"([?&][^=&#]*=)[^&#]*")
PANEL_ROWS = 8


def _retry_policy(**options: Any) -> LinesField:
    return DelaysField(
        **{**options, "help_text": "Seconds until each further attempt, one a line. Empty: the default."}
    )


class DelaysField(LinesField):
    """The delays of a retry policy, in seconds, one a line."""

    def in_words(self, value: dict[str, Any]) -> str:
        """Return the waits as who may not edit them reads them."""
        return f"after {', '.join(str(self.prepare_value(value)).split())} seconds"

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(str(delay) for delay in value.get("delays", []))
        return super().prepare_value(value)

    def clean(self, value: Any) -> Any:
        """Return the policy; refuse what is no number of seconds."""
        text = forms.CharField.clean(self, value) or ""
        delays = [line.strip() for line in text.splitlines() if line.strip()]
        if wrong := [delay for delay in delays if not SECONDS.fullmatch(delay)]:
            raise ValidationError(f"Not a number of seconds: {json.dumps(wrong[0][:40])}.", code="invalid")
        policy = {"delays": [float(delay) if "." in delay else int(delay) for delay in delays]} if delays else {}
        validate_retry_policy(policy)
        return policy


def masked(url: str) -> str:
    """Return an address without the values of its parameters: lists are seen by many, and printed."""
    return PARAMETER.sub(rf"\1{MASK}", url)


def state_badge(webhook: Webhook) -> SafeString:
    """Return whether an endpoint is told, and whether it answers."""
    if not webhook.is_active:
        reason = webhook.disabled_reason or ""
        return columns.badge("switched off by itself", "red", title=reason) if reason else columns.badge("off", "grey")
    if webhook.failing_since:
        return columns.badge("failing", "amber", title=f"Since {webhook.failing_since:%Y-%m-%d %H:%M} UTC")
    return columns.badge("on", "green")


@admin.register(Webhook)
class WebhookAdmin(BulkEdit, SecretAdmin):
    """Endpoints that are told of events."""

    shown_name = "signing secret"
    shown_use = "The endpoint checks the webhook-signature header with it, as Standard Webhooks describes."
    shapes: ClassVar[dict[str, Any]] = {
        "event_types": partial(ChoiceListField, choices=EventType.choices),
        "company_tickers": TICKERS,
        "retry_policy": _retry_policy,
    }
    list_select_related: Any = ["client"]
    autocomplete_fields: Any = ["client"]
    list_display: Any = ["name", "url_cell", "whose", "events", "state", "arrived", "failed", "last", "error_cell"]
    more_columns: tuple[str, ...] = ("least_score", "timeout")
    list_edit: ClassVar[dict[str, str]] = {
        "name": "name",
        "events": "event_types",
        "state": "is_active",
        "least_score": "min_score",
        "timeout": "timeout_seconds",
    }
    list_filter: Any = [("is_active", NullBooleanFilter), array_filter("event_types", EventType, "event")]
    search_fields: Any = ["name", "url"]
    ordering: Any = ["name", "id"]
    actions: Any = ["edit_selected", *ArchiveAdmin.actions]
    # Where it tells and with what secret is nothing that several endpoints share.
    bulk_fields = ("is_active", "event_types", "min_score", "timeout_seconds")
    actions_detail: Any = ["ping", "rotate_secret", "toggle_clearance", *ArchiveAdmin.actions_detail]
    empty_hint = "Add an endpoint, and it is told of signals, scores, matches, alerts and reports."
    readonly_fields: Any = [
        "last_triggered", "success_count", "failure_count", "last_error", "previous_secret_until", "failing_since",
        "disabled_reason", "clearance",
    ]  # fmt: skip
    fieldsets: Any = [
        (None, {"fields": [("name", "is_active"), "url", ("client", "contact_email")]}),
        ("Of what", {"fields": ["event_types", "company_tickers", ("min_score", "clearance")]}),
        ("How", {"fields": ["timeout_seconds", "retry_policy", "metadata"]}),
        (
            "Record",
            {
                "fields": [
                    ("success_count", "failure_count"),
                    ("last_triggered", "last_error"),
                    ("failing_since", "disabled_reason"),
                    "previous_secret_until",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the webhooks without their secrets: no page shows them."""
        return super().get_queryset(request).defer("secret", "previous_secret")

    def whole(self, rows: Any) -> tuple[list[str], Any]:
        """Return the headings and the rows, the addresses without the values of their parameters."""
        # The address that was cleared is the address once more.
        named = [pair for pair in columns_of(Webhook) if pair[1] != "cleared_url"]
        rows = rows.annotate(shown_url=MASKED_URL)
        lookups = ("shown_url" if lookup == "url" else lookup for _, lookup in named)
        return [heading for heading, _ in named], rows.values_list(*lookups)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which says of a merged company's ticker where it leads."""
        return say_where_they_lead(super().get_form(request, obj, change, **kwargs), "company_tickers", obj)

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

    @action(description="Clearance", permissions=["change"], url_path="clearance", icon="lock_open")  # type: ignore[untyped-decorator]
    def toggle_clearance(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Clear the present address for the restricted list, or withdraw that, after asking why."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        clearing = not row.is_cleared
        question = Question(
            "Clear it for the restricted list?" if clearing else "Withdraw its clearance?",
            f"{row.url} is then told of companies on the restricted list, too: of all. Another address is not."
            if clearing
            else "It is then told of no company on the restricted list; what waits for it fails.",
            "Clear" if clearing else "Withdraw", grave=clearing, needs_reason=True,
        )  # fmt: skip
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        messages.success(request, clear_webhook(webhook=row, is_cleared=clearing, reason=reason_of(request)).message)
        return self.back(row)

    @action(description="Ping", permissions=["change"], url_path="ping", icon="network_ping")  # type: ignore[untyped-decorator]
    def ping(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a ping, after asking, and show its delivery."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        question = Question(
            "Send a ping?", "The worker sends it within seconds, also while the webhook is off.", "Ping",
            wants_reason=False,
        )  # fmt: skip
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        try:
            delivery = ping_webhook(webhook=row)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.back(row)
        messages.success(request, "The ping is queued. Load this page again to see what came of it.")
        return HttpResponseRedirect(reverse("admin:delivery_webhookdelivery_change", args=[delivery.pk]))

    @column("Restricted list")
    def clearance(self, webhook: Webhook) -> str:
        """Return whether it is told of companies on the restricted list."""
        return columns.badge("cleared", "red") if webhook.is_cleared else columns.badge("not cleared", "grey")

    @column("State", order="is_active", data=WORDS)
    def state(self, webhook: Webhook) -> str:
        """Return whether it is told, and whether it answers."""
        return state_badge(webhook)

    @column("Address", order="url", data=MASKED_URL)
    def url_cell(self, webhook: Webhook) -> str:
        """Return the address without the values of its parameters, cut at the column's width."""
        return columns.cut(masked(webhook.url))

    @column("Whose", order="client__client_name")
    def whose(self, webhook: Webhook) -> str:
        """Return the client whose endpoint it is."""
        return webhook.client.client_name if webhook.client else "the desk's"

    @column("Events", data=labelled("event_types", dict(EventType.choices)))
    def events(self, webhook: Webhook) -> str:
        """Return the events that it wants."""
        return columns.chips(webhook.event_types, dict(EventType.choices), most=2) if webhook.event_types else "all"

    @column("Least score", order="min_score", numeric=True)
    def least_score(self, webhook: Webhook) -> str:
        """Return the least score of the companies that it is told of."""
        return columns.number(webhook.min_score, hint="Any")

    @column("Timeout, seconds", order="timeout_seconds", numeric=True)
    def timeout(self, webhook: Webhook) -> str:
        """Return how long an answer may take."""
        return columns.number(webhook.timeout_seconds, 0)

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

    @column("Error", data="last_error")
    def error_cell(self, webhook: Webhook) -> str:
        """Return the last error."""
        return columns.cut(webhook.last_error) if webhook.last_error else columns.unknown("None")


@on_dashboard(order=85, permission="delivery.view_webhook")
def troubled_webhooks(request: HttpRequest) -> Panel:
    """List the endpoints that fail, and those that were switched off by themselves."""
    troubled = Q(is_active=False, disabled_reason__isnull=False) | Q(is_active=True, failing_since__isnull=False)
    rows = Webhook.objects.filter(troubled).defer("secret", "previous_secret").order_by("-failing_since", "name")
    return Panel(
        "Webhooks that need a look",
        ["Webhook", "State", "Why"],
        [
            [
                columns.link(reverse("admin:delivery_webhook_change", args=[row.pk]), row.name),
                state_badge(row),
                columns.cut(row.disabled_reason or row.last_error or ""),
            ]
            for row in rows[:PANEL_ROWS]
        ],
        url=reverse("admin:delivery_webhook_changelist"),
        empty="Every endpoint takes what it is sent.",
    )
