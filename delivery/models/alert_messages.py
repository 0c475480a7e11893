"""The alerts' ways to people: messages with their delivery log, and the users' inboxes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.fields import one_of
from biotech_ma.core.models import TimestampedModel
from delivery.choices import Channel, NoticeStatus
from delivery.models.alerts import AlertTrigger
from delivery.models.webhooks import Webhook


class AlertNotice(TimestampedModel):
    """One time that an alert went off on its way to one recipient by e-mail or Slack: attempts, outcome, reason."""

    trigger = models.ForeignKey(
        AlertTrigger,
        on_delete=models.DB_CASCADE,
        related_name="notices",
        db_index=False,
        help_text="What it tells of.",
        db_comment="What it tells of.",
    )
    channel = models.CharField(
        max_length=16, choices=Channel, help_text="email or slack.", db_comment="email or slack."
    )
    recipient = models.CharField(
        max_length=254,
        blank=True,
        help_text="E-mail address; empty for Slack, whose address is the alert's.",
        db_comment="E-mail address. Empty = the alert's Slack address.",
    )
    status = models.CharField(
        max_length=16,
        choices=NoticeStatus,
        default=NoticeStatus.PENDING,
        db_default=NoticeStatus.PENDING,
        help_text="pending, sent or failed.",
        db_comment="pending, sent or failed.",
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Attempts so far.", db_comment="Attempts so far."
    )
    next_attempt_at = models.DateTimeField(
        null=True,
        blank=True,
        db_default=Now(),
        help_text="When it is due: at once, or after the quiet period, or with the digest.",
        db_comment="When it is due; while a job has it, when the job counts as lost. NULL = no further attempt.",
    )
    claim = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="The message that it goes out with.",
        db_comment="The message that it goes out with; makes its Message-ID. NULL = not taken up yet.",
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent.", db_comment="NULL = not yet.")
    error = models.TextField(
        null=True, blank=True, help_text="Why the last attempt failed.", db_comment="NULL = it did not fail."
    )

    class Meta(TimestampedModel.Meta):
        db_table = "alert_notices"
        db_table_comment = "Delivery log of the alerts' e-mail and Slack messages."
        verbose_name = "alert message"
        ordering = ["-id"]
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["trigger", "channel", "recipient"],
                name="alert_notices_uniq",
                violation_error_message="This recipient is told of it already.",
            ),
            one_of("channel", Channel, name="alert_notices_channel_known"),
            one_of("status", NoticeStatus, name="alert_notices_status_known"),
        ]
        indexes = [
            # what is due
            models.Index(
                fields=["next_attempt_at"],
                name="alert_notices_due_idx",
                condition=models.Q(status=NoticeStatus.PENDING),
            ),
            # what goes out with one message
            models.Index(fields=["claim"], name="alert_notices_claim_idx", condition=models.Q(claim__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.recipient} {self.status}"


class InboxItem(TimestampedModel):
    """An alert that went off, or a webhook that was switched off, in one user's inbox: unread until it is read."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="alert_inbox",
        db_index=False,
        help_text="Whose inbox.",
        db_comment="Whose inbox.",
    )
    trigger = models.ForeignKey(
        AlertTrigger,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="inbox_items",
        db_index=False,
        help_text="The alert that it tells of.",
        db_comment="NULL = it tells of a webhook.",
    )
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="inbox_items",
        db_index=False,
        help_text="The webhook that was switched off by itself.",
        db_comment="NULL = it tells of an alert.",
    )
    reason = models.TextField(
        null=True,
        blank=True,
        help_text="Why the webhook was switched off.",
        db_comment="Why the webhook was switched off. NULL = it tells of an alert, which has its own.",
    )
    read_at = models.DateTimeField(null=True, blank=True, help_text="When it was read.", db_comment="NULL = unread.")

    class Meta(TimestampedModel.Meta):
        db_table = "inbox_items"
        db_table_comment = "What the users' inboxes hold."
        verbose_name = "inbox entry"
        verbose_name_plural = "inbox entries"
        ordering = ["-id"]
        constraints = [
            # a user's inbox; its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["user", "trigger"],
                name="inbox_items_uniq",
                violation_error_message="It is in this inbox already.",
            ),
            models.CheckConstraint(
                condition=models.Q(trigger__isnull=False, webhook__isnull=True, reason__isnull=True)
                | models.Q(trigger__isnull=True, webhook__isnull=False, reason__isnull=False),
                name="inbox_items_one_cause",
                violation_error_message="An entry tells of an alert, or of a webhook with the reason.",
            ),
        ]
        indexes = [
            # serves the foreign key
            models.Index(fields=["trigger"], name="inbox_items_trigger_idx"),
            # serves the foreign key
            models.Index(fields=["webhook"], name="inbox_items_webhook_idx"),
            # the count of unread entries in the sidebar
            models.Index(fields=["user"], name="inbox_items_unread_idx", condition=models.Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return str(self.trigger.reason if self.trigger else self.reason)
