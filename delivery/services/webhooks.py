"""Webhooks: their secrets and the book-keeping of what arrived."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from biotech_ma.core.services import locked, recorded
from delivery.models import Webhook

SECRET_BYTES = 32
MOST_ERROR_CHARACTERS = 2_000
OVERLAP = dt.timedelta(hours=24)


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def create_webhook(
    *,
    name: str,
    url: str,
    event_types: list[str] | None = None,
    company_tickers: list[str] | None = None,
    min_score: Decimal | None = None,
    **fields: Any,
) -> tuple[Webhook, str]:
    """Create a webhook and return it with its secret, which is shown this once and kept encrypted.

    Raises ValidationError, with the field, for what the table refuses.
    """
    secret = new_secret()
    webhook = Webhook(
        name=name,
        url=url,
        event_types=event_types or [],
        company_tickers=company_tickers or [],
        min_score=min_score,
        secret=secret,
        **fields,
    )
    webhook.full_clean()
    with recorded("create webhook"):
        webhook.save(force_insert=True)
    return webhook, secret


def rotate_webhook_secret(*, webhook: Webhook, overlap: dt.timedelta = OVERLAP, reason: str = "") -> str:
    """Give the webhook a new secret and return it; the former one signs too until the overlap is over."""
    secret = new_secret()
    with recorded("rotate webhook secret", reason=reason):
        current = locked(webhook)
        Webhook.all_objects.filter(pk=current.pk).update(
            secret=secret, previous_secret=current.secret, previous_secret_until=Now() + overlap
        )
    webhook.refresh_from_db(fields=["secret", "previous_secret", "previous_secret_until"])
    return secret


def record_webhook_success(*, webhook: Webhook) -> None:
    """Count a delivery that arrived and clear the last error. Loses no update, however many workers write."""
    with recorded("webhook delivered"):
        Webhook.all_objects.filter(pk=webhook.pk).update(
            success_count=F("success_count") + 1, last_triggered=Now(), last_error=None
        )


def record_webhook_failure(*, webhook: Webhook, error: str) -> None:
    """Count an attempt that failed and keep the start of its error. Loses no update, however many workers write."""
    with recorded("webhook failed"):
        Webhook.all_objects.filter(pk=webhook.pk).update(
            failure_count=F("failure_count") + 1,
            last_triggered=Now(),
            last_error=error.replace("\x00", "")[:MOST_ERROR_CHARACTERS],
        )
