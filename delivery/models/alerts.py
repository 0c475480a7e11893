"""Standing questions, and the history of their answers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.fields import json_array, json_object, json_shapes, list_of, one_of
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, TimestampedModel, tracked
from companies.models import Company
from delivery.choices import (
    AlertType,
    Channel,
)
from delivery.querysets import AlertQuerySet
from scoring.models import MAScore
from signals_app.models import Signal


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
