"""How reports, alerts, webhooks and clients are written."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework import serializers

from biotech_ma.core.api.fields import (
    StrictCharField,
    StrictChoiceField,
    TextListField,
    TickersField,
    choices_field,
)
from biotech_ma.core.api.serializers import CheckedModelSerializer, StrictSerializer
from companies.identity import read_refs
from companies.models import Company, Watchlist
from delivery.api.ownership import only_client
from delivery.api.reads import ALERTS, CLIENTS, MASK, WEBHOOKS
from delivery.choices import Channel, DeliveryStatus, EventType, Scope
from delivery.models import Alert, Client, Webhook
from delivery.services import create_webhook, issue_client
from delivery.services.clients import LONGEST_OVERLAP
from signals_app.catalogue import SignalType

HOUR = dt.timedelta(hours=1)
# Of so many unknown tickers the near ones are looked for.
MOST_HINTS = 10
SECRET_HELP = "`whsec_` and 24 to 64 random bytes in base64. Left out, one is made."  # noqa: S105
ENDPOINTS = (
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
)


class EmailsField(TextListField):
    """A JSON array of e-mail addresses."""

    child = serializers.EmailField(max_length=254)


class OwnClientField(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A client by its id: the caller itself, or for an administrator any."""

    def get_queryset(self) -> Any:
        """Return the clients that may be named."""
        rows, client = super().get_queryset(), only_client(self.context["request"])
        return rows if rows is None or client is None else rows.filter(pk=client)


class LiveTickersField(TickersField):
    """A JSON array of tickers that lead to live companies, or that the row has held already.

    A merged duplicate's leads to the company that was kept, and is kept as it is written.
    """

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the tickers; fails for each that no live company has, naming the near ones by its place."""
        tickers = super().to_internal_value(data)
        held = set(read_refs(tickers))
        held |= set(getattr(getattr(self.parent, "instance", None), str(self.field_name), None) or ())
        unknown = [(place, ticker) for place, ticker in enumerate(tickers) if ticker not in held]
        if unknown:
            errors: dict[Any, Any] = {
                place: [_unknown(ticker, hints=number < MOST_HINTS)] for number, (place, ticker) in enumerate(unknown)
            }
            raise serializers.ValidationError(errors)
        return tickers


def _unknown(ticker: str, *, hints: bool) -> serializers.ErrorDetail:
    near = Company.objects.near_tickers(ticker) if hints else []
    hint = f"; near: {', '.join(near)}" if near else ""
    return serializers.ErrorDetail(f"No live company has the ticker {ticker}{hint}.", code="unknown")


class SharedWatchlistField(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A watchlist of the desk that its owner shares, by its id."""

    def get_queryset(self) -> Any:
        """Return the watchlists that may be named."""
        return Watchlist.objects.filter(is_shared=True)


class AlertSerializer(CheckedModelSerializer):
    """An alert as it is written."""

    resource = ALERTS
    company_tickers = LiveTickersField(required=False, help_text="Only these companies; empty means all.")
    signal_types = choices_field(SignalType, required=False, help_text="Only these types; empty means all.")
    notification_channels = choices_field(Channel, required=False, help_text="Where it goes.")
    recipients = EmailsField(required=False, help_text="E-mail addresses.")
    client = OwnClientField(
        queryset=Client.objects.all(), required=False, allow_null=True, help_text="For this API client, by its id."
    )
    watchlist = SharedWatchlistField(
        queryset=Watchlist.objects.all(),
        required=False,
        allow_null=True,
        help_text="The companies of this shared watchlist of the desk, by its id, as it stands at the time.",
    )
    slack_webhook_url = StrictCharField(
        required=False,
        allow_null=True,
        write_only=True,
        max_length=2_000,
        help_text="Incoming webhook of Slack. Kept encrypted and never shown.",
    )

    class Meta:
        model = Alert
        fields = (
            "name",
            "alert_type",
            "condition",
            "threshold_value",
            "direction",
            "hysteresis_points",
            "client",
            "watchlist",
            "company_tickers",
            "signal_types",
            "is_active",
            "notification_channels",
            "recipients",
            "slack_webhook_url",
            "digest",
            "digest_at",
            "quiet_from",
            "quiet_until",
            "metadata",
        )


class WebhookSerializer(CheckedModelSerializer):
    """A webhook as it is written; its secret is made here and shown once."""

    resource = WEBHOOKS
    event_types = choices_field(EventType, required=False, help_text="Events it wants; empty means all.")
    company_tickers = LiveTickersField(required=False, help_text="Only these companies; empty means all.")
    secret = serializers.CharField(required=False, write_only=True, max_length=200, help_text=SECRET_HELP)
    client = OwnClientField(
        queryset=Client.objects.all(),
        required=False,
        allow_null=True,
        help_text="Whose endpoint it is, by the id of the API client: the caller's own unless an administrator says "
        "otherwise; null is the desk's.",
    )

    class Meta:
        model = Webhook
        fields = (
            "name",
            "client",
            "url",
            "secret",
            "event_types",
            "company_tickers",
            "min_score",
            "is_active",
            "retry_policy",
            "timeout_seconds",
            "contact_email",
            "metadata",
        )

    def validate_secret(self, value: str) -> str:
        """Return the secret of a new webhook; an existing one's is rotated, so that both sign for a while."""
        if self.instance is not None:
            raise serializers.ValidationError("Change it by rotate-secret; the former one then signs too for a day.")
        return value

    def validate_url(self, value: str) -> str:
        """Return the address; one out of a list, without the values of its parameters, is refused."""
        if MASK in value:
            raise serializers.ValidationError(
                f"This has {MASK} where a value was: lists leave values out. Take it from the webhook itself."
            )
        return value

    def validate_client(self, value: Client | None) -> Client | None:
        """Return the owner: nobody but an administrator makes an endpoint the desk's, which is told of everything."""
        if value is None and only_client(self.context["request"]) is not None:
            raise serializers.ValidationError("Only an administrator's key makes an endpoint the desk's own.")
        return value

    def create(self, validated_data: dict[str, Any]) -> Webhook:
        """Create the webhook, the caller's own; the secret waits in `shown_once` for the one answer that has it."""
        owner = only_client(self.context["request"])
        if owner is not None:
            validated_data.setdefault("client", Client.objects.get(pk=owner))
        webhook, secret = create_webhook(**validated_data)
        self.shown_once = {"secret": secret}
        return webhook


class SecretRotationSerializer(StrictSerializer):
    """The new secret of a webhook."""

    secret = serializers.CharField(required=False, max_length=200, help_text=SECRET_HELP)


class PeriodSerializer(StrictSerializer):
    """The deliveries to send again: of events written in the period, ends included."""

    since = serializers.DateTimeField(help_text="From this instant on, with its time zone.")
    until = serializers.DateTimeField(required=False, help_text="Up to this instant; now when left out.")
    status = choices_field(DeliveryStatus, required=False, help_text="Only those of these states; all when left out.")


class ClientSerializer(CheckedModelSerializer):
    """A client as it is written; its key is made here and shown once."""

    resource = CLIENTS
    scopes = choices_field(Scope, required=False, help_text="What the key may do; `read` when left out.")
    allowed_endpoints = TextListField(
        child=StrictChoiceField(choices=ENDPOINTS), required=False, help_text="Resources it may call; empty means all."
    )
    watchlist_tickers = LiveTickersField(required=False, help_text="Companies they follow.")

    class Meta:
        model = Client
        fields = (
            "client_name",
            "client_type",
            "scopes",
            "is_active",
            "expires_at",
            "allowed_endpoints",
            "rate_limit_per_hour",
            "watchlist_tickers",
            "notification_preferences",
            "custom_thresholds",
            "contact_email",
            "metadata",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values; fails with what the model's constraints say."""
        if self.instance is None:
            attrs.setdefault("scopes", [Scope.READ.value])
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Client:
        """Create the client; the key waits in `shown_once` for the one answer that has it."""
        client, key = issue_client(**validated_data)
        self.shown_once = {"api_key": key}
        return client


class KeyRotationSerializer(StrictSerializer):
    """How long the old key works beside the new one."""

    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_OVERLAP // HOUR,
        default=0,
        help_text="Hours for which the old key works on; 0 when left out: it is dead at once.",
    )
