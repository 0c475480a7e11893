"""The restricted list: companies of which the desk knows what others may not, who is cleared, and who looked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.fields import one_of
from biotech_ma.core.models import AppendOnlyModel, TimestampedModel
from companies.choices import RestrictionAct
from companies.models.company import Company
from companies.restriction_querysets import RestrictionQuerySet

LIVE = models.Q(until__isnull=True)


class Restriction(TimestampedModel):
    """A company on the restricted list from a moment on, until it is taken off. The row stays."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="restrictions",
        db_index=False,
        help_text="Whom the desk holds inside information about.",
        db_comment="Who is on the list.",
    )
    since = models.DateTimeField(
        db_default=Now(), editable=False, help_text="When it was put on.", db_comment="When it was put on."
    )
    until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it was taken off.",
        db_comment="NULL = it is on the list.",
    )
    reason = models.TextField(
        max_length=2_000,
        help_text="Why, in a line. Those who are cleared read it, nobody else.",
        db_comment="Why it was put on. For the cleared alone.",
    )
    put_on_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who put it on.",
        db_comment="Who put it on. NULL = the user is gone, or a program did.",
    )
    taken_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who took it off.",
        db_comment="Who took it off. NULL = it is on, the user is gone, or a program did.",
    )
    taken_off_reason = models.TextField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Why it was taken off.",
        db_comment="Why it was taken off. Empty = it is on.",
    )
    cleared = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="RestrictionClearance",
        related_name="clearances",
        help_text="Who sees the company's notes, exports, alerts and reports.",
    )

    objects = models.Manager.from_queryset(RestrictionQuerySet)()

    class Meta(TimestampedModel.Meta):
        db_table = "restrictions"
        db_table_comment = (
            "The restricted list: companies that are closed to all who are not cleared, and those that were."
        )
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company"],
                condition=LIVE,
                name="restrictions_one_live",
                violation_error_message="This company is on the restricted list already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason__regex=r"^\s*$"),
                name="restrictions_reason_not_blank",
                violation_error_message="Say why, for those who are cleared.",
            ),
            models.CheckConstraint(
                condition=LIVE | models.Q(until__gte=models.F("since")),
                name="restrictions_period_ordered",
                violation_error_message="A restriction ends after it begins.",
            ),
        ]
        indexes = [
            # a company's restrictions; serves the foreign key
            models.Index(fields=["company"], name="restrictions_company_idx"),
        ]

    def __str__(self) -> str:
        return str(self.company)


class RestrictionClearance(TimestampedModel):
    """Somebody at the desk who is cleared for a company on the restricted list."""

    restriction = models.ForeignKey(
        Restriction,
        on_delete=models.DB_CASCADE,
        related_name="clearances",
        db_index=False,
        help_text="For which company.",
        db_comment="For which company on the list.",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="+",
        help_text="Who is cleared.",
        db_comment="Who is cleared.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "restriction_clearances"
        db_table_comment = "Who is cleared for a company on the restricted list."
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["restriction", "user"],
                name="restriction_clearances_uniq",
                violation_error_message="This user is cleared for it already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class RestrictionLog(AppendOnlyModel):
    """Who put on, took off, cleared, opened, exported, sent or was refused what, and when. Never changed."""

    restriction = models.ForeignKey(
        Restriction,
        on_delete=models.DB_CASCADE,
        related_name="log",
        db_index=False,
        help_text="Of which restriction.",
        db_comment="Of which restriction.",
    )
    act = models.CharField(
        "what", max_length=16, choices=RestrictionAct, help_text="What was done.", db_comment="What was done."
    )
    who = models.CharField(
        max_length=254,
        help_text="User, API client, address or webhook.",
        db_comment="User name, API client, e-mail address or webhook, as it was called then.",
    )
    door = models.CharField(
        "where",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="The list, page, message or file.",
        db_comment="The list, page, message or file. Empty = the restricted list itself.",
    )
    rows = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many rows.", db_comment="How many rows. NULL = it is not about rows."
    )

    class Meta(AppendOnlyModel.Meta):
        db_table = "restriction_log"
        db_table_comment = "The log of the restricted list: append-only."
        verbose_name = "entry of the restricted list's log"
        verbose_name_plural = "entries of the restricted list's log"
        ordering = ["-id"]
        constraints = [one_of("act", RestrictionAct, name="restriction_log_act_known")]
        indexes = [
            # what happened with one restriction, newest first; its prefix serves the foreign key
            models.Index(fields=["restriction", "-id"], name="restriction_log_recent_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.get_act_display().lower()}"
