"""The book-keeping of alerts that go off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from biotech_ma.core.services import recorded, violated_constraint
from companies.models import Company
from delivery.models import Alert, AlertTrigger
from scoring.models import MAScore
from signals_app.models import Signal


def record_alert_trigger(
    *,
    alert: Alert,
    cause: str,
    reason: str,
    company: Company | None = None,
    signal: Signal | None = None,
    score: MAScore | None = None,
    details: Mapping[str, Any] | None = None,
) -> AlertTrigger | None:
    """Write that the alert went off and count it, or return None where this cause has set it off before.

    Any number of workers may try the same cause at once: one of them gets the trigger.
    """
    trigger = AlertTrigger(
        alert=alert,
        cause=cause,
        reason=reason,
        company=company,
        signal=signal,
        score=score,
        details=dict(details or {}),
    )
    with recorded("alert triggered"):
        try:
            with transaction.atomic():
                trigger.save(force_insert=True)
        except IntegrityError as error:
            if violated_constraint(error) == "alert_triggers_uniq":
                return None
            raise
        trigger.refresh_from_db(fields=["triggered_at"])
        # In the database, not in memory: two workers that read 7 must not both write 8. greatest() leaves out NULL.
        Alert.all_objects.filter(pk=alert.pk).update(
            trigger_count=F("trigger_count") + 1, last_triggered=Greatest("last_triggered", trigger.triggered_at)
        )
    return trigger
