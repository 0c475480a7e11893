"""How many due deliveries a second a worker sends while one of the endpoints hangs."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from biotech_ma.core.addresses import networks
from delivery.models import WebhookDelivery
from delivery.services import create_webhook
from tests.processes import python
from tests.webhook_receiver import OK, Receiver

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

DELIVERIES, ENDPOINTS = 10_000, 50
LEAST_A_SECOND, DEADLINE_SECONDS = 200, 240
WORKER = "from django.core.management import call_command; call_command('worker')"


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_deliveries_to_fifty_endpoints_one_of_them_hanging(
    monkeypatch, settings, workers, record_property
):
    monkeypatch.setenv("BIOTECH_MA_WEBHOOK_ALLOW", "127.0.0.0/8")
    with Receiver(answer=lambda received: None if received.path == "/0" else OK).running() as receiver:
        settings.WEBHOOK_ALLOW = networks(["127.0.0.0/8"])
        webhooks = [create_webhook(name=str(n), url=receiver.url(f"/{n}"))[0] for n in range(ENDPOINTS)]
        body = b'{"type":"signal.created","timestamp":"2026-06-30T12:00:00+00:00","data":{"title":"%s"}}' % (
            b"x" * 1500
        )
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                webhook=webhooks[number % ENDPOINTS], event_type="signal.created", event_id=str(number), body=body
            )
            for number in range(DELIVERIES)
        )
        others = DELIVERIES - DELIVERIES // ENDPOINTS
        done = WebhookDelivery.objects.filter(status="delivered")
        with ExitStack() as processes:
            for _ in range(workers):
                processes.enter_context(python(WORKER))
            began = time.monotonic()
            while not receiver.received:
                assert time.monotonic() - began < DEADLINE_SECONDS, "no request came"
                time.sleep(0.01)
            began = time.monotonic()
            while done.count() < others:
                assert time.monotonic() - began < DEADLINE_SECONDS, f"{done.count()} of {others}"
                time.sleep(0.05)
            took = time.monotonic() - began
        hanging = sum(received.path == "/0" for received in receiver.received)
    record_property(
        f"{others:,} deliveries to {ENDPOINTS - 1} endpoints, one more hanging, {workers} worker(s)",
        f"{others / took:.0f} a second ({took:.1f} s); {hanging} requests to the hanging one",
    )
    assert others / took >= LEAST_A_SECOND
