"""The book-keeping of alerts that go off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from companies.models import Company
from delivery.alerts.causes import Cause
from delivery.alerts.triggers import Fired, write_triggers
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
    """Write that the alert went off, count it and have everybody told, or return None where this cause has set it off.

    Any number of workers may try the same cause at once: one of them gets the trigger.
    """
    found = Cause(
        key=cause,
        reason=reason,
        at=timezone.now(),
        company_id=company.pk if company else None,
        ticker=company.ticker if company else None,
        signal_id=signal.pk if signal else None,
        score_id=score.pk if score else None,
        details=dict(details or {}),
    )
    with transaction.atomic():
        written = write_triggers([Fired(alert, found)])
    return AlertTrigger.objects.get(pk=written[0].id) if written else None
