"""API clients: programs that hold a key."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from biotech_ma.core.admin import ArchiveAdmin, PanelInline, column, columns
from biotech_ma.core.admin.column_data import WORDS
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.fields import ChoiceListField
from biotech_ma.core.admin.filters import NullBooleanFilter, array_filter
from biotech_ma.core.admin.tables import table
from delivery.admin_client_forms import PREFERENCES, THRESHOLDS
from delivery.admin_fields import TICKERS, say_where_they_lead
from delivery.admin_secrets import SecretAdmin
from delivery.choices import Scope
from delivery.models import Client, ClientUsage
from delivery.services import issue_client, revoke_client, rotate_client_key
from delivery.usage import usage_by_day

OVERLAP = dt.timedelta(hours=24)
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


def _preferences(**options: Any) -> Any:
    return PREFERENCES(**{**options, "help_text": "How it wants to hear of things."})


def _thresholds(**options: Any) -> Any:
    return THRESHOLDS(**{**options, "help_text": "Its own thresholds, in points, for its alerts and reports."})


class UsagePanel(PanelInline):
    """How often the client called, by day."""

    model = ClientUsage
    verbose_name_plural = "usage"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the calls of the last days."""
        rows = [[columns.day(day), columns.number(calls, 0)] for day, calls in usage_by_day(obj.pk)]
        return table("Calls by UTC day", ["Day", "Calls"], rows, numeric=(1,), empty="It has not called yet.")


@admin.register(Client)
class ClientAdmin(SecretAdmin):
    """Programs that may call the API."""

    shown_name = "API key"
    shown_use = "The program sends it as Authorization: Bearer KEY. The database keeps its digest only."
    shapes: ClassVar[dict[str, Any]] = {
        "scopes": partial(ChoiceListField, choices=Scope.choices),
        "allowed_endpoints": partial(ChoiceListField, choices=[(name, name) for name in RESOURCES]),
        "watchlist_tickers": TICKERS,
        "notification_preferences": _preferences,
        "custom_thresholds": _thresholds,
    }
    list_display: Any = [
        "client_name",
        "client_type",
        "key",
        "scopes_cell",
        "state",
        "expires",
        "limit",
        "calls",
        "last",
    ]
    list_filter: Any = [
        ("is_active", NullBooleanFilter),
        ("client_type", ChoicesDropdownFilter),
        array_filter("scopes", Scope, "scope"),
    ]
    search_fields: Any = ["client_name", "key_prefix", "contact_email"]
    ordering: Any = ["client_name", "id"]
    actions_detail: Any = ["rotate_key", "rotate_with_overlap", "revoke_key", *ArchiveAdmin.actions_detail]
    empty_hint = "Add a client to give a program a key."
    readonly_fields: Any = ["key_prefix", "previous_key_until", "last_access", "request_count"]
    inlines: Any = [UsagePanel]
    fieldsets: Any = [
        (
            None,
            {
                "fields": [
                    ("client_name", "client_type"),
                    ("contact_email", "is_active"),
                    ("key_prefix", "previous_key_until"),
                ]
            },
        ),
        (
            "What it may do",
            {"fields": ["scopes", "allowed_endpoints", ("rate_limit_per_hour", "expires_at"), "is_cleared"]},
        ),
        ("Preferences", {"fields": ["watchlist_tickers", "notification_preferences", "custom_thresholds", "metadata"]}),
        ("Record", {"fields": [("last_access", "request_count")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the clients without the digests of their keys: no page shows them."""
        return super().get_queryset(request).defer("api_key")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with a key that may read."""
        return {"scopes": [Scope.READ.value], **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which says of a merged company's ticker where it leads."""
        return say_where_they_lead(super().get_form(request, obj, change, **kwargs), "watchlist_tickers", obj)

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

    @action(description="New key, old one for a day", permissions=["change"], url_path="overlap", icon="key_vertical")  # type: ignore[untyped-decorator]
    def rotate_with_overlap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the client a new key beside the old one, after asking, and show it once."""
        question = Question("Give it a new key?", "The old key works on for 24 hours.", "New key")
        return self.rotated(
            request,
            object_id,
            question,
            lambda row, reason: rotate_client_key(client=row, overlap=OVERLAP, reason=reason),
        )

    @action(description="Revoke", permissions=["change"], url_path="revoke", icon="key_off")  # type: ignore[untyped-decorator]
    def revoke_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke the key, after asking."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        question = Question(
            f"Revoke the key of {row}?",
            "It is dead at once, until the client is made active again. What is queued for its webhooks is cancelled "
            "and can be sent again then.",
            "Revoke",
            grave=True,
        )
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        messages.success(request, revoke_client(client=row, reason=reason_of(request)).message)
        self.log_change(request, row, "Revoked the key.")
        return self.back(row)

    @column("Key", data=WORDS)
    def key(self, client: Client) -> str:
        """Return the part of the key that is not secret."""
        return columns.code(f"bma_{client.key_prefix}_…")

    @column("Scopes", data="scopes")
    def scopes_cell(self, client: Client) -> str:
        """Return what the key may do."""
        return columns.chips(client.scopes)

    @column("State", order="is_active", data=WORDS)
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
