"""Endpoints that are told of events, and the log of telling them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Cast, Now

from biotech_ma.core.addresses import validate_url
from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.fields import UUIDv7, json_array, json_object, json_shapes, list_of, one_of, within
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from delivery.choices import (
    DeliveryStatus,
    EventType,
)
from delivery.models.clients import Client
from delivery.querysets import WebhookQuerySet
from delivery.webhooks.schedule import validate_retry_policy


@tracked(
    exclude=[
        "secret", "previous_secret", "last_triggered", "success_count", "failure_count", "last_error", "failing_since",
        "disabled_reason",
    ]
)  # fmt: skip
class Webhook(SoftDeleteModel):
    """An address that is told of events, signed as Standard Webhooks says."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret", "previous_secret"})

    name = models.CharField(max_length=255, help_text="Whose endpoint it is.", db_comment="Name.")
    client = models.ForeignKey(
        Client,
        # Set to NULL it would become the desk's, which is told of everything.
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="webhooks",
        db_index=False,
        help_text="The API client whose endpoint it is: it alone sees it over REST, and it is told of what is the "
        "desk's or this client's. Empty: the desk's own, told of everything.",
        db_comment="The API client whose endpoint it is. NULL = the desk's own.",
    )
    url = models.URLField(
        "URL",
        max_length=2000,
        validators=[validate_url],
        help_text="Public http or https address that receives the events; without user name and password.",
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
    cleared_url = models.URLField(
        "cleared address",
        max_length=2000,
        null=True,
        blank=True,
        editable=False,
        help_text="The address that is told of companies on the restricted list, too; another one is not.",
        db_comment="The address that is cleared for the restricted list, as long as it is the url. NULL = none.",
    )
    event_types = json_array(help_text="Events it wants; empty means all.", db_comment="Array; empty = all.")
    company_tickers = json_array(help_text="Only these companies; empty means all.", db_comment="Array; empty = all.")
    min_score = models.DecimalField(
        "least score",
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Only companies with at least this score.",
        db_comment="0-100. NULL = any.",
    )
    is_active = models.BooleanField(
        "active", default=True, db_default=True, help_text="Whether it is told.", db_comment="Whether it is told."
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
    failing_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="First failure since the last success.",
        db_comment="NULL = the last attempt arrived, or there was none.",
    )
    disabled_reason = models.TextField(
        null=True,
        blank=True,
        editable=False,
        help_text="Why it was switched off by itself; cleared when it is switched on.",
        db_comment="NULL = it was not switched off by itself.",
    )
    retry_policy = json_object(
        validators=[validate_retry_policy],
        help_text='Seconds between attempts: {"delays": [5, 300]}. Empty means the default.',
        db_comment='{"delays": [seconds, …]}; empty = the default schedule.',
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        "timeout, seconds",
        default=15,
        db_default=15,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="How long an answer may take; more than 15 counts as 15.",
        db_comment="Seconds, 1-60.",
    )
    contact_email = models.EmailField(
        null=True,
        blank=True,
        help_text="Who is written to when it is switched off by itself. Empty: all users who may see webhooks.",
        db_comment="Who is written to when it is switched off by itself. NULL = the users who may see webhooks.",
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
            # a client's webhooks; serves the foreign key
            models.Index(fields=["client"], name="webhooks_client_idx"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_cleared(self) -> bool:
        """True when its present address is told of companies on the restricted list, too."""
        return self.cleared_url == self.url


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
    event_id = models.CharField(
        "event ID",
        max_length=200,
        db_default=Cast(UUIDv7(), models.CharField()),
        help_text="What it tells of; an endpoint is told of it once.",
        db_comment="Names the row and its state, such as signal:<id>; unique within the endpoint.",
    )
    body = models.BinaryField(
        help_text="The exact bytes that are signed and sent.", db_comment="The exact bytes that are signed and sent."
    )
    company_ids = ArrayField(
        models.UUIDField(),
        null=True,
        blank=True,
        editable=False,
        help_text="The companies that it tells of.",
        db_comment="The companies that it tells of. NULL = none, or written before this was recorded.",
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
    lease = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="Of the sender at work on it.",
        db_comment="Set while a sender is at work on it, which then has until next_attempt_at. NULL = nobody is.",
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
            # one delivery of an event to an endpoint, however often the event is read
            models.UniqueConstraint(
                fields=["webhook", "event_id"],
                name="webhook_deliveries_uniq",
                violation_error_message="The endpoint is told of this event already.",
            ),
            one_of("event_type", EventType, name="webhook_deliveries_event_known"),
            one_of("status", DeliveryStatus, name="webhook_deliveries_status_known"),
        ]
        indexes = [
            # what is on its way to an endpoint
            models.Index(
                fields=["webhook"],
                name="webhook_deliveries_leased_idx",
                condition=models.Q(lease__isnull=False),
            ),
            # deliveries of an endpoint, newest first; its prefix serves the foreign key
            models.Index(fields=["webhook", "-id"], name="webhook_deliveries_recent_idx"),
            # what is due at an endpoint
            models.Index(
                fields=["webhook", "next_attempt_at"],
                name="webhook_deliveries_due_idx",
                condition=models.Q(status=DeliveryStatus.PENDING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.status}"
