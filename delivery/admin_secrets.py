"""Webhooks and API clients: a secret is shown once, on the page that answers the form, and never again."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.fields import ChoiceListField, LinesField
from biotech_ma.core.admin.filters import NullBooleanFilter, array_filter
from biotech_ma.core.services import Refused
from delivery.admin_fields import TICKERS
from delivery.choices import EventType, Scope
from delivery.models import Client, Webhook
from delivery.services import create_webhook, issue_client, revoke_client, rotate_client_key, rotate_webhook_secret

RESOURCES = (
    "companies",
    "drug-candidates",
    "signals",
    "scores",
    "acquirer-matches",
    "reports",
    "alerts",
    "webhooks",
    "clients",
    "catalysts",
    "exports",
)


class SecretAdmin(ArchiveAdmin):
    """A table whose rows hold a secret that is shown once."""

    secret_name = "secret"
    secret_use = ""

    def show_once(self, request: HttpRequest, row: Any, secret: str) -> HttpResponse:
        """Return the page that shows a secret, the only one that ever does; no cache keeps it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The {self.secret_name} of {row}",
            "opts": self.opts,
            "secret": secret,
            "secret_name": self.secret_name,
            "secret_use": self.secret_use,
            "row": row,
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        response = TemplateResponse(request, "admin/desk/secret.html", context)
        add_never_cache_headers(response)
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret of a new row instead of going back to the list."""
        secret = getattr(request, "new_secret", None)
        if secret is None:
            return super().response_add(request, obj, post_url_continue)  # type: ignore[no-any-return]
        return self.show_once(request, obj, secret)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; a new row comes from its service, with its secret."""
        if change:
            super().save_model(request, obj, form, change)
            return
        saved, secret = self.create(form.cleaned_data)
        request.new_secret = secret  # type: ignore[attr-defined]
        obj.pk, obj._state.adding = saved.pk, False

    def create(self, values: dict[str, Any]) -> tuple[Any, str]:
        """Return the new row and its secret."""
        raise NotImplementedError

    def rotated(self, request: HttpRequest, object_id: str, question: Question, rotate: Any) -> HttpResponse:
        """Ask, give the row a new secret, and show it once."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        try:
            secret = rotate(row, reason_of(request))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.back(row)
        self.log_change(request, row, f"New {self.secret_name}.")
        return self.show_once(request, row, secret)

    def back(self, row: Any) -> HttpResponse:
        """Return to the row's page."""
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )


def _retry_policy(**options: Any) -> LinesField:
    return DelaysField(**{**options, "help_text": "Seconds until each further attempt, one a line. Empty: the default."})


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

    secret_name = "signing secret"
    secret_use = "The endpoint checks the webhook-signature header with it, as Standard Webhooks describes."
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


@admin.register(Client)
class ClientAdmin(SecretAdmin):
    """Programs that may call the API."""

    secret_name = "API key"
    secret_use = "The program sends it as Authorization: Bearer KEY. The database keeps its digest only."
    shapes: ClassVar[dict[str, Any]] = {
        "scopes": partial(ChoiceListField, choices=Scope.choices),
        "allowed_endpoints": partial(ChoiceListField, choices=[(name, name) for name in RESOURCES]),
        "watchlist_tickers": TICKERS,
    }
    list_display: Any = ["client_name", "client_type", "key", "scopes_cell", "state", "expires", "limit", "calls", "last"]
    list_filter: Any = [
        ("is_active", NullBooleanFilter),
        ("client_type", ChoicesDropdownFilter),
        array_filter("scopes", Scope, "scope"),
    ]
    search_fields: Any = ["client_name", "key_prefix", "contact_email"]
    ordering: Any = ["client_name", "id"]
    actions_detail: Any = ["rotate_key", "revoke_key", *ArchiveAdmin.actions_detail]
    empty_hint = "Add a client to give a program a key."
    readonly_fields: Any = ["key_prefix", "last_access", "request_count"]
    fieldsets: Any = [
        (None, {"fields": [("client_name", "client_type"), ("contact_email", "is_active"), "key_prefix"]}),
        ("What it may do", {"fields": ["scopes", "allowed_endpoints", ("rate_limit_per_hour", "expires_at")]}),
        ("Preferences", {"fields": ["watchlist_tickers", "notification_preferences", "custom_thresholds", "metadata"]}),
        ("Record", {"fields": [("last_access", "request_count")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the clients without the digests of their keys: no page shows them."""
        return super().get_queryset(request).defer("api_key")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with a key that may read."""
        return {"scopes": [Scope.READ.value], **super().get_changeform_initial_data(request)}

    def create(self, values: dict[str, Any]) -> tuple[Any, str]:
        """Return the new client and its key."""
        return issue_client(**values)

    @action(description="New key", permissions=["change"], url_path="rotate", icon="key")  # type: ignore[untyped-decorator]
    def rotate_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the client a new key, after asking, and show it once."""
        question = Question("Give it a new key?", "The old key is dead at once.", "New key", grave=True)
        return self.rotated(
            request, object_id, question, lambda row, reason: rotate_client_key(client=row, reason=reason)
        )

    @action(description="Revoke", permissions=["change"], url_path="revoke", icon="key_off")  # type: ignore[untyped-decorator]
    def revoke_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke the key, after asking."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        question = Question(f"Revoke the key of {row}?", "It is dead at once, until the client is made active again.", "Revoke", grave=True)
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        messages.success(request, revoke_client(client=row, reason=reason_of(request)).message)
        self.log_change(request, row, "Revoked the key.")
        return self.back(row)

    @column("Key")
    def key(self, client: Client) -> str:
        """Return the part of the key that is not secret."""
        return columns.code(f"bma_{client.key_prefix}_…")

    @column("Scopes")
    def scopes_cell(self, client: Client) -> str:
        """Return what the key may do."""
        return columns.chips(client.scopes)

    @column("State", order="is_active")
    def state(self, client: Client) -> str:
        """Return whether the key works."""
        if not client.is_active:
            return columns.badge("revoked", "red")
        if client.expires_at and client.expires_at <= timezone.now():
            return columns.badge("expired", "amber", title=str(client.expires_at))
        return columns.badge("active", "green")

    @column("Expires", order="expires_at")
    def expires(self, client: Client) -> str:
        """Return when the key stops working."""
        return columns.day(client.expires_at, hint="Never")

    @column("Per hour", order="rate_limit_per_hour", numeric=True)
    def limit(self, client: Client) -> str:
        """Return the limit."""
        return columns.number(client.rate_limit_per_hour, 0)

    @column("Calls", order="request_count", numeric=True)
    def calls(self, client: Client) -> str:
        """Return the calls so far."""
        return columns.number(client.request_count, 0)

    @column("Last call", order="last_access")
    def last(self, client: Client) -> str:
        """Return when it last called."""
        return columns.ago(client.last_access)
