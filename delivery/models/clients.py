"""Programs that may call the API, and how often they did."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, list_of, one_of, within
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, tracked
from delivery import preferences
from delivery.alerts.rules import refusals_of_thresholds
from delivery.choices import (
    ClientType,
    Scope,
)
from delivery.querysets import ClientQuerySet


@tracked(exclude=["api_key", "previous_api_key", "last_access", "request_count"])
class Client(SoftDeleteModel):
    """A program that may call the API. Only the digest of its key is kept."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"api_key", "previous_api_key"})

    client_name = models.CharField(
        "name", max_length=255, help_text="Who holds the key.", db_comment="Who holds the key."
    )
    api_key = models.CharField(
        "API key",
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
    previous_api_key = models.CharField(
        "previous API key",
        max_length=64,
        null=True,
        blank=True,
        editable=False,
        help_text="SHA-256 of the key before the last rotation.",
        db_comment="SHA-256, valid until previous_key_until. NULL = none.",
    )
    previous_key_prefix = models.CharField(
        max_length=16,
        null=True,
        blank=True,
        editable=False,
        help_text="The part of the former key that is not secret.",
        db_comment="The part of the former key that is not secret. NULL = none.",
    )
    previous_key_until = models.DateTimeField(
        "former key works until",
        null=True,
        blank=True,
        editable=False,
        help_text="Until when the former key works beside the new one.",
        db_comment="NULL = no rotation under way.",
    )
    client_type = models.CharField(
        max_length=32,
        choices=ClientType,
        default=ClientType.INTERNAL,
        db_default=ClientType.INTERNAL,
        help_text="Who they are.",
        db_comment="Who they are.",
    )
    scopes = json_array(
        help_text="What the key may do: read, write to single resources, or everything.",
        db_comment="Array: read, write:<resource>, admin.",
    )
    is_active = models.BooleanField(
        "active", default=True, db_default=True, help_text="A revoked key is not active.", db_comment="False = revoked."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When the key stops working.", db_comment="NULL = never."
    )
    is_cleared = models.BooleanField(
        "cleared for the restricted list",
        default=False,
        db_default=False,
        help_text="Its exports, alerts and reports hold companies on the restricted list, too: all of them.",
        db_comment="True = companies on the restricted list are open to it.",
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
    notification_preferences = json_object(
        help_text='How they want to hear of things: {"reports": ["weekly_watchlist"], "format": "pdf", '
        '"alerts": ["score_threshold"], "digest": "daily", "digest_at": "07:00", "quiet_from": "22:00", '
        '"quiet_until": "06:30"}. Each may be left out: no reports, html, all alerts, as the alert says.',
        db_comment="Object: reports, format, alerts, digest, digest_at, quiet_from, quiet_until.",
    )
    custom_thresholds = json_object(
        help_text="Their own thresholds for their alerts, in points: score_threshold, score_change, watchlist_change.",
        db_comment="Free object.",
    )
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
            # the client of a key that is being replaced
            models.UniqueConstraint(
                fields=["previous_api_key"],
                name="clients_previous_key_uniq",
                violation_error_message="Another client had this key.",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_api_key__regex=r"^[0-9a-f]{64}$", previous_key_until__isnull=False)
                | models.Q(previous_api_key__isnull=True),
                name="clients_previous_key_ends",
                violation_error_message="A former key is kept as its SHA-256, and works until a given moment.",
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

    def clean(self) -> None:
        """Check the thresholds and preferences that alerts and reports read."""
        refusals = {}
        if isinstance(self.custom_thresholds, dict) and (words := refusals_of_thresholds(self.custom_thresholds)):
            refusals["custom_thresholds"] = words
        if isinstance(self.notification_preferences, dict):
            if words := preferences.refusal_of(self.notification_preferences):
                refusals["notification_preferences"] = words
            elif self.notification_preferences.get(preferences.REPORTS) and not self.contact_email:
                refusals["contact_email"] = "Reports are sent by e-mail: give the address, or ask for no reports."
        if refusals:
            raise ValidationError(refusals)


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
    last_lease = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Size of the last block that a worker took.",
        db_comment="Size of the last block of calls leased to a worker.",
    )
    recorded = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="How many of them the client's own count has.",
        db_comment="How many of them clients.request_count has.",
    )

    class Meta:
        db_table = "client_usage"
        db_table_comment = "Calls by client and hour."
        verbose_name_plural = "client usage"
        ordering = ["-hour"]

    def __str__(self) -> str:
        return f"{self.requests} in the hour from {self.hour:%Y-%m-%d %H:%M}"
