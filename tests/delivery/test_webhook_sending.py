"""Sending webhooks: bytes and signatures, what is tried again and when, what switches an endpoint off."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from biotech_ma.core.services import archive
from delivery.models import Webhook, WebhookDelivery
from delivery.services import (
    create_webhook,
    rotate_webhook_secret,
)
from delivery.webhooks.sender import send_due
from tests.core.servers import ROOT
from tests.delivery.webhook_desk import (
    OTHER_SECRET,
    calls_loopback,  # noqa: F401 - a fixture
    deliveries,
    endpoint,
    fail,
    now_due,
    queued_by_hand,  # noqa: F401 - a fixture
    running_receiver,  # noqa: F401 - a fixture
    state,
)
from tests.webhook_receiver import OK

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_exact_bytes_are_sent_and_the_public_package_verifies_them(receiver):
    webhook, secret = create_webhook(name="Desk", url=receiver.url("/hook?a=b"))
    [delivery] = deliveries(webhook)
    assert send_due() == 1
    [received] = receiver.received
    assert (received.path, received.id) == ("/hook?a=b", str(delivery.pk))
    assert received.body == bytes(delivery.body)
    assert received.headers["content-type"] == "application/json"
    assert Verifier(secret).verify(received.body, received.headers)["data"]["name"] == "Bücher"
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER_SECRET).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(received.body + b" ", received.headers)


def test_the_receiver_of_the_documentation_takes_what_is_sent_and_refuses_the_rest(receiver):
    webhook, secret = create_webhook(name="Desk", url=receiver.url())
    deliveries(webhook)
    send_due()
    page = (ROOT / "docs" / "webhooks.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0].replace("whsec_…", secret)
    taken: list[Any] = []
    names: dict[str, Any] = {"seen_before": lambda key: False, "put_in_queue": taken.append}
    exec(code, names)
    [received] = receiver.received
    assert names["receive"](received.body, received.headers) == 204
    assert names["receive"](received.body + b" ", received.headers) == 401
    assert [event["type"] for event in taken] == ["signal.created"]


def test_what_arrived_is_on_record(receiver):
    webhook = endpoint(receiver)
    [delivery] = deliveries(webhook)
    send_due()
    row = WebhookDelivery.objects.get(pk=delivery.pk)
    assert (row.status, row.attempts, row.next_attempt_at, row.lease) == ("delivered", 1, None, None)
    assert (row.response_status, row.response_body, row.error) == (200, "ok", None)
    assert abs(row.delivered_at - timezone.now()) < dt.timedelta(minutes=1)
    webhook.refresh_from_db()
    assert (webhook.success_count, webhook.failure_count, webhook.last_error) == (1, 0, None)
    assert abs(webhook.last_triggered - timezone.now()) < dt.timedelta(minutes=1)
    assert send_due() == 0


def test_both_secrets_sign_while_a_rotation_is_under_way(receiver):
    webhook, former = create_webhook(name="Desk", url=receiver.url())
    new = rotate_webhook_secret(webhook=webhook)
    deliveries(webhook)
    send_due()
    for secret in (new, former):
        Verifier(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    Webhook.objects.update(previous_secret_until=timezone.now() - dt.timedelta(seconds=1))
    deliveries(webhook)
    send_due()
    Verifier(new).verify(receiver.received[1].body, receiver.received[1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(former).verify(receiver.received[1].body, receiver.received[1].headers)


def test_the_default_schedule_is_five_seconds_to_ten_hours_under_the_same_id(receiver):
    receiver.answer = lambda received: (500, {}, b"no")
    [delivery] = deliveries(endpoint(receiver))
    for attempt, seconds in enumerate((5, 300, 1800, 7200, 18000, 36000, 36000), start=1):
        before = timezone.now()
        send_due()
        attempts, due, error = state(delivery, "attempts", "next_attempt_at", "error")
        assert (attempts, error) == (attempt, "It answered 500.")
        wait = (due - before).total_seconds()
        assert seconds <= wait <= seconds * 1.1 + 30
        now_due()
    send_due()
    assert state(delivery, "status", "attempts", "next_attempt_at") == ("failed", 8, None)
    assert send_due() == 0
    assert {received.id for received in receiver.received} == {str(delivery.pk)}
    assert len(receiver.received) == 8


def test_an_endpoint_s_own_policy_sets_the_delays(receiver):
    receiver.answer = lambda received: OK if received.turn == 3 else (503, {}, b"")
    [delivery] = deliveries(endpoint(receiver, retry_policy={"delays": [0, 0]}))
    while send_due():
        pass
    assert state(delivery, "status", "attempts") == ("delivered", 3)


@pytest.mark.parametrize(("header", "least", "most"), [("120", 120, 150), ("0", 5, 40), ("999999999", 36000, 36030)])
def test_retry_after_delays_the_next_attempt_within_bounds(receiver, header, least, most):
    receiver.answer = lambda received: (429, {"retry-after": header}, b"")
    [delivery] = deliveries(endpoint(receiver))
    before = timezone.now()
    send_due()
    assert least <= (state(delivery, "next_attempt_at") - before).total_seconds() <= most


def test_410_switches_the_endpoint_off_with_a_reason_and_keeps_what_waits(receiver):
    receiver.answer = lambda received: (410, {}, b"gone")
    webhook = endpoint(receiver)
    [delivery] = deliveries(webhook)
    [waiting] = deliveries(webhook, next_attempt_at=timezone.now() + dt.timedelta(hours=1))
    send_due()
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert "410" in webhook.disabled_reason
    assert state(delivery, "status") == "failed"
    now_due()
    assert send_due() == 0
    assert state(waiting, "status") == "pending"
    history = apps.get_model("delivery", "WebhookEvent").objects.filter(pgh_obj_id=webhook.pk).order_by("pgh_id").last()
    assert "410" in history.pgh_context.metadata["reason"]


def test_five_days_of_failure_switch_it_off_and_on_again_it_starts_afresh(receiver):
    webhook = fail(receiver, endpoint(receiver))
    assert webhook.failing_since is not None
    Webhook.objects.update(failing_since=timezone.now() - dt.timedelta(days=5) + dt.timedelta(minutes=1))
    assert fail(receiver, webhook).is_active
    Webhook.objects.update(failing_since=F("failing_since") - dt.timedelta(minutes=1))
    assert not fail(receiver, webhook).is_active
    assert "5 days" in webhook.disabled_reason
    Webhook.objects.update(is_active=True)
    assert fail(receiver, webhook).is_active
    assert webhook.disabled_reason is None
    assert abs(webhook.failing_since - timezone.now()) < dt.timedelta(minutes=1)


def test_a_success_ends_the_failure(receiver):
    webhook = fail(receiver, endpoint(receiver))
    receiver.answer = lambda received: OK
    deliveries(webhook)
    send_due()
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.last_error, webhook.failure_count) == (None, None, 1)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ((302, {"location": "/other"}, b""), 302, "Redirects"),
        ((200, {}, b"x" * (64 * 1024 + 1)), 200, "64 KiB"),
        ((404, {}, b"a\x00b"), 404, "404"),
        (None, None, "within 1 s"),
    ],
)
def test_redirects_large_and_late_answers_are_failures(receiver, answer, status, error):
    receiver.answer = lambda received: answer
    [delivery] = deliveries(endpoint(receiver, timeout_seconds=1))
    send_due()
    row = WebhookDelivery.objects.get(pk=delivery.pk)
    assert (row.status, row.attempts, row.response_status) == ("pending", 1, status)
    assert error in row.error
    assert len(row.response_body or "") <= 4_000
    assert [received.path for received in receiver.received] == ["/"]


def test_an_endpoint_that_is_not_public_is_not_called(receiver, settings):
    [delivery] = deliveries(endpoint(receiver))
    settings.WEBHOOK_ALLOW = ()
    send_due()
    assert "not a public address" in state(delivery, "error")
    assert receiver.received == []


def test_a_secret_that_no_key_fits_fails_and_stops_nobody_else(receiver):
    lost, other = endpoint(receiver, "/lost"), endpoint(receiver, "/other")
    with connection.cursor() as db:
        db.execute("UPDATE webhooks SET secret = 'gAAAA' WHERE id = %s", [lost.pk])
    [unsigned], [signed] = deliveries(lost), deliveries(other)
    send_due()
    assert "BIOTECH_MA_FIELD_KEYS" in state(unsigned, "error")
    assert state(signed, "status") == "delivered"


def test_who_is_off_or_archived_gets_nothing_until_back(receiver):
    off, gone = endpoint(receiver, "/off", is_active=False), endpoint(receiver, "/gone")
    [waits], [stays] = deliveries(off), deliveries(gone)
    archive(row=gone)
    assert send_due() == 0
    Webhook.objects.filter(pk=off.pk).update(is_active=True)
    assert send_due() == 1
    assert (state(waits, "status"), state(stays, "status")) == ("delivered", "pending")
