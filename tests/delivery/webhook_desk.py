"""A receiver of webhooks and deliveries that wait for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.addresses import networks
from delivery.models import Webhook, WebhookDelivery
from delivery.services import (
    create_webhook,
)
from delivery.webhooks.sender import send_due
from tests.webhook_receiver import Receiver

OTHER_SECRET = "whsec_" + "QUJD" * 8


@pytest.fixture(name="loopback", autouse=True)
def calls_loopback(settings) -> None:
    settings.WEBHOOK_ALLOW = networks(["127.0.0.0/8"])


@pytest.fixture(name="no_jobs", autouse=True)
def queued_by_hand() -> Iterator[None]:
    yield
    ProcrastinateJob.objects.all()._raw_delete("default")


@pytest.fixture(name="receiver")
def running_receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


def endpoint(receiver: Receiver, path: str = "/", **fields: Any) -> Webhook:
    return create_webhook(name=f"Desk {path}", url=receiver.url(path), **fields)[0]


def deliveries(webhook: Webhook, number: int = 1, **fields: Any) -> list[WebhookDelivery]:
    rows = [
        WebhookDelivery(
            webhook=webhook, event_type="signal.created", event_id=str(uuid.uuid4()),
            body=f'{{"type": "signal.created", "data": {{"n": {n}, "name": "Bücher"}}}}'.encode(),
            **fields,
        )
        for n in range(number)
    ]  # fmt: skip
    WebhookDelivery.objects.bulk_create(rows)
    return rows


def state(delivery: WebhookDelivery, *names: str) -> Any:
    return WebhookDelivery.objects.values_list(*names, flat=len(names) == 1).get(pk=delivery.pk)


def now_due(**which: Any) -> None:
    WebhookDelivery.objects.filter(status="pending", **which).update(next_attempt_at=timezone.now(), lease=None)


def fail(receiver: Receiver, webhook: Webhook) -> Webhook:
    receiver.answer = lambda received: (500, {}, b"")
    deliveries(webhook)
    send_due()
    webhook.refresh_from_db()
    return webhook
