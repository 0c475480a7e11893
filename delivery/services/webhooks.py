"""Webhooks: their secrets, trying them out, and sending again."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from biotech_ma.core.services import Outcome, Refused, locked, recorded
from biotech_ma.core.vocabulary import known
from delivery.choices import DeliveryStatus, EventType
from delivery.models import Client, Webhook, WebhookDelivery
from delivery.webhooks.jobs import queue_sending
from delivery.webhooks.signing import checked_secret, new_secret

OVERLAP = dt.timedelta(hours=24)


def create_webhook(
    *,
    name: str,
    url: str,
    event_types: list[str] | None = None,
    company_tickers: list[str] | None = None,
    min_score: Decimal | None = None,
    secret: str | None = None,
    **fields: Any,
) -> tuple[Webhook, str]:
    """Create a webhook and return it with its secret, which is shown this once and kept encrypted.

    The secret is made here unless one is given. Raises ValidationError, with the field, for what the table refuses and
    for a secret that is too short.
    """
    secret = new_secret() if secret is None else checked_secret(secret)
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


def rotate_webhook_secret(
    *, webhook: Webhook, secret: str | None = None, overlap: dt.timedelta = OVERLAP, reason: str = ""
) -> str:
    """Give the webhook a new secret, or this one, and return it; the former one signs too until the overlap is over.

    Raises ValidationError for a secret that is too short, Refused for the one that it has.
    """
    secret = new_secret() if secret is None else checked_secret(secret)
    with recorded("rotate webhook secret", reason=reason):
        current = locked(webhook)
        if current.secret == secret:
            raise Refused("That is the secret which it has; give another one, or none.", field="secret")
        Webhook.all_objects.filter(pk=current.pk).update(
            secret=secret, previous_secret=current.secret, previous_secret_until=Now() + overlap
        )
    webhook.refresh_from_db(fields=["secret", "previous_secret", "previous_secret_until"])
    return secret


def clear_webhook(*, webhook: Webhook, is_cleared: bool, reason: str = "") -> Outcome:
    """Have the present address told of companies on the restricted list, too, or not any more.

    A change of the address ends it: another address was cleared by nobody.
    """
    with recorded("clear webhook" if is_cleared else "withdraw clearance of webhook", reason=reason):
        current = locked(webhook)
        if current.is_cleared == is_cleared:
            return Outcome(changed=False, message=f"{current} is as it was.")
        Webhook.all_objects.filter(pk=current.pk).update(cleared_url=current.url if is_cleared else None)
    webhook.refresh_from_db(fields=["cleared_url"])
    return Outcome(changed=True, message=f"{current} is {'cleared' if is_cleared else 'not cleared any more'}.")


def ping_webhook(*, webhook: Webhook) -> WebhookDelivery:
    """Queue a ping and return its delivery: it goes to an endpoint that is switched off, too, to try it out.

    Raises Refused for an archived one.
    """
    with recorded("ping webhook"):
        current = locked(webhook)
        if current.is_archived:
            raise Refused(f"{current} is archived; restore it first.")
        event = {
            "type": EventType.PING.value,
            "timestamp": timezone.now().isoformat(),
            "data": {"webhook_id": str(current.pk), "name": current.name},
        }
        delivery = WebhookDelivery(
            webhook=current,
            event_type=EventType.PING,
            event_id=f"ping:{uuid.uuid4()}",
            body=json.dumps(event, ensure_ascii=False).encode(),
        )
        delivery.save(force_insert=True)
        queue_sending()
    delivery.refresh_from_db()
    return delivery


def replay_delivery(*, delivery: WebhookDelivery) -> None:
    """Send a delivery again, now and by the whole schedule, under the same id: receivers that saw it know it again.

    One that waits for its next attempt is tried at once. Raises Refused where its endpoint is archived or switched off,
    and while a sender is at work on it.
    """
    with recorded("replay webhook delivery"):
        _require_active(Webhook.all_objects.filter(pk=delivery.webhook_id).first())
        if not _replay(WebhookDelivery.objects.filter(pk=delivery.pk)):
            raise Refused("It is being sent at this moment; look again in half a minute.")


def replay_period(
    *, webhook: Webhook, since: dt.datetime, until: dt.datetime | None = None, statuses: Sequence[str] = ()
) -> int:
    """Send the deliveries of events written in the period again, ends included, and return how many they are.

    Only those of the statuses, where any is named. Raises Refused for an endpoint that is archived or switched off,
    ValidationError for a period that ends before it begins, ValueError for an unknown status.
    """
    if until is not None and until < since:
        raise ValidationError({"until": "The period ends before it begins."}, code="period")
    known(statuses, DeliveryStatus.values, noun="status")
    with recorded("replay webhook deliveries"):
        _require_active(Webhook.all_objects.filter(pk=webhook.pk).first())
        rows = WebhookDelivery.objects.filter(webhook=webhook, created_at__gte=since)
        rows = rows if until is None else rows.filter(created_at__lte=until)
        return _replay(rows.filter(status__in=statuses) if statuses else rows)


def replay_deliveries(*, deliveries: QuerySet[WebhookDelivery]) -> int:
    """Send these again and return how many they are, those left out whose endpoint is off or which are being sent."""
    with recorded("replay webhook deliveries"):
        live = Q(webhook__deleted_at__isnull=True, webhook__is_active=True)
        live &= Q(webhook__client=None) | Q(webhook__client__in=Client.objects.active().order_by())
        return _replay(WebhookDelivery.objects.filter(live, pk__in=deliveries.order_by().values("pk")))


def _require_active(webhook: Webhook | None) -> None:
    if webhook is None or webhook.is_archived:
        raise Refused("The webhook is archived; restore it first.")
    if not webhook.is_active:
        raise Refused(f"{webhook} is switched off; switch it on first.", field="is_active")
    if webhook.client_id and not Client.objects.active().filter(pk=webhook.client_id).exists():
        raise Refused(f"The key of {webhook.client} is revoked, expired or archived; make the client active first.")


def _replay(rows: QuerySet[WebhookDelivery]) -> int:
    # A lease that has run out holds nobody up.
    rows = rows.filter(Q(lease__isnull=True) | Q(next_attempt_at__lte=Now()))
    number = rows.update(
        status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=Now(), lease=None, delivered_at=None
    )
    if number:
        queue_sending()
    return number
