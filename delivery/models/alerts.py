"""Standing questions, and the history of their answers."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.fields import json_array, json_object, json_shapes, list_of, one_of, within
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from companies.models import Company, Watchlist
from delivery.alerts.rules import refusals_of
from delivery.choices import (
    AlertType,
    Channel,
    Digest,
    Direction,
)
from delivery.models.clients import Client
from delivery.querysets import AlertQuerySet
from scoring.models import MAScore
from signals_app.models import Signal


@tracked(exclude=["last_triggered", "trigger_count", "slack_webhook_url", "rule_seen"])
class Alert(SoftDeleteModel):
    """A standing question: tell these people when this happens."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"slack_webhook_url"})
    # When it tells, by day or week: no digest of anything.
    open_fields: ClassVar[frozenset[str]] = frozenset({"digest", "digest_at"})

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
        help_text="Score or change that sets it off; for a new signal or a custom condition the least score.",
        db_comment="Points. NULL = none.",
    )
    direction = models.CharField(
        max_length=8,
        choices=Direction,
        null=True,
        blank=True,
        help_text="Which way the score has to go. Empty: up over a threshold; either way for a change.",
        db_comment="up, down or either. NULL = the usual one of the type.",
    )
    hysteresis_points = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="How far the figure must go back behind the threshold before it can set the alert off again. "
        "Empty: 2 points, at most half of a change.",
        db_comment="Points. NULL = 2, at most half of a threshold of change.",
    )
    client = models.ForeignKey(
        Client,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="alerts",
        db_index=False,
        help_text="For this client: its watchlist, its own thresholds and its address, where the alert names none.",
        db_comment="NULL = the desk's own.",
    )
    watchlist = models.ForeignKey(
        Watchlist,
        # The database refuses to delete a list that is in use: without it the alert would watch every company.
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="alerts",
        db_index=False,
        help_text="The companies of this watchlist of the desk, as it stands at the time.",
        db_comment="A watchlist of the desk. NULL = none.",
    )
    company_tickers = json_array(help_text="Only these companies; empty means all.", db_comment="Array; empty = all.")
    signal_types = json_array(help_text="Only these types; empty means all.", db_comment="Array; empty = all.")
    is_active = models.BooleanField(
        "active", default=True, db_default=True, help_text="Whether it watches.", db_comment="Whether it watches."
    )
    last_triggered = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it last went off.", db_comment="NULL = never."
    )
    trigger_count = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How often it went off.", db_comment="How often it went off."
    )
    notification_channels = json_array(help_text="inbox, email, slack, webhook.", db_comment="Array of channels.")
    recipients = json_array(help_text="E-mail addresses.", db_comment="Array of e-mail addresses.")
    slack_webhook_url = EncryptedTextField(
        "Slack address",
        null=True,
        blank=True,
        help_text="Incoming webhook of Slack, or of anything that takes the same JSON. Kept encrypted, never shown.",
        db_comment="Address of the incoming webhook, encrypted. NULL = none.",
    )
    digest = models.CharField(
        max_length=8,
        choices=Digest,
        default=Digest.AT_ONCE,
        db_default=Digest.AT_ONCE,
        help_text="When e-mail and Slack are sent: at once, gathered to the hour, or gathered to the day.",
        db_comment="at_once, hourly or daily.",
    )
    digest_at = models.TimeField(
        "daily at",
        null=True,
        blank=True,
        help_text="Time of the daily message in New York. Empty: 07:00.",
        db_comment="Time of day in New York. NULL = 07:00.",
    )
    quiet_from = models.TimeField(
        null=True,
        blank=True,
        help_text="From this time in New York e-mail and Slack wait until the quiet period ends.",
        db_comment="Time of day in New York. NULL = never quiet.",
    )
    quiet_until = models.TimeField(
        null=True,
        blank=True,
        help_text="End of the quiet period in New York; before its beginning: on the next day.",
        db_comment="Time of day in New York. NULL = never quiet.",
    )
    rule_seen = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        editable=False,
        help_text="Digest of the rule by which the standing states were found.",
        db_comment="Digest of the rule behind alert_states. NULL = not looked at yet.",
    )
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
            one_of("direction", Direction, name="alerts_direction_known"),
            one_of("digest", Digest, name="alerts_digest_known"),
            within(
                "hysteresis_points",
                0,
                100,
                name="alerts_hysteresis_range",
                message="A hysteresis lies between 0 and 100 points.",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(
                    ~models.Q(quiet_from=models.F("quiet_until")), quiet_from__isnull=False, quiet_until__isnull=False
                ),
                name="alerts_quiet_period_whole",
                violation_error_message="A quiet period has a beginning and another time as its end.",
            ),
            *json_shapes(
                "alerts", arrays=("company_tickers", "signal_types", "recipients"), objects=("condition", "metadata")
            ),
        ]
        indexes = [
            # active alerts of a type
            models.Index(fields=["alert_type", "is_active"], name="alerts_type_active_idx", condition=LIVE),
            # archived rows
            models.Index(fields=["deleted_at"], name="alerts_archived_idx", condition=~LIVE),
            # a client's alerts; serves the foreign key
            models.Index(fields=["client"], name="alerts_client_idx"),
            # what uses a watchlist; serves the foreign key
            models.Index(fields=["watchlist"], name="alerts_watchlist_idx"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check that type, threshold, condition, lists and channels go together."""
        self.direction = self.direction or None
        self.slack_webhook_url = self.slack_webhook_url or None
        if refusals := refusals_of(self):
            raise ValidationError(refusals)


class AlertState(TimestampedModel):
    """A company for which an alert's rule holds: it sets the alert off again only after it has ceased to hold."""

    alert = models.ForeignKey(
        Alert,
        on_delete=models.DB_CASCADE,
        related_name="states",
        db_index=False,
        help_text="The alert.",
        db_comment="The alert.",
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="alert_states",
        db_index=False,
        help_text="The company.",
        db_comment="The company.",
    )
    since = models.DateField(help_text="Day of the score since which it holds.", db_comment="Day of the score.")

    class Meta(TimestampedModel.Meta):
        db_table = "alert_states"
        db_table_comment = "Companies for which the rule of an alert about scores holds at present."
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["alert", "company"],
                name="alert_states_uniq",
                violation_error_message="That it holds for this company is known already.",
            ),
        ]
        indexes = [
            # what holds of a company; serves the foreign key
            models.Index(fields=["company"], name="alert_states_company_idx"),
        ]

    def __str__(self) -> str:
        return f"since {self.since}"


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
        verbose_name = "alert that went off"
        verbose_name_plural = "alerts that went off"
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
