"""Pings and replays of webhooks, and what is refused at entry."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.services import Refused, archive
from delivery.models import Webhook, WebhookDelivery
from delivery.services import (
    create_webhook,
    ping_webhook,
    replay_deliveries,
    replay_delivery,
    replay_period,
    rotate_webhook_secret,
)
from delivery.webhooks import leases, schedule
from delivery.webhooks.leases import claim
from delivery.webhooks.sender import send_due
from tests.delivery.webhook_desk import (
    OTHER_SECRET,
    calls_loopback,  # noqa: F401 - a fixture
    deliveries,
    endpoint,
    queued_by_hand,  # noqa: F401 - a fixture
    running_receiver,  # noqa: F401 - a fixture
    state,
)
from tests.webhook_receiver import OK

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ping_reaches_an_endpoint_that_is_off(receiver):
    webhook = endpoint(receiver, is_active=False)
    delivery = ping_webhook(webhook=webhook)
    [job] = ProcrastinateJob.objects.all()
    assert (job.task_name, job.queue_name) == ("delivery.webhooks.jobs.send_deliveries", "webhooks")
    send_due()
    event = json.loads(receiver.received[0].body)
    assert (event["type"], event["data"]) == ("ping", {"webhook_id": str(webhook.pk), "name": "Desk /"})
    assert state(delivery, "status") == "delivered"


def test_a_ping_to_an_archived_endpoint_is_refused(receiver):
    webhook = endpoint(receiver)
    archive(row=webhook)
    with pytest.raises(Refused, match="archived"):
        ping_webhook(webhook=webhook)


def test_a_replay_sends_the_same_bytes_under_the_same_id_by_the_whole_schedule(receiver):
    receiver.answer = lambda received: (500, {}, b"")
    [delivery] = deliveries(endpoint(receiver, retry_policy={"delays": [0]}))
    while send_due():
        pass
    assert state(delivery, "status", "attempts") == ("failed", 2)
    receiver.answer = lambda received: OK if received.turn == 4 else (500, {}, b"")
    replay_delivery(delivery=delivery)
    while send_due():
        pass
    assert state(delivery, "status", "attempts") == ("delivered", 2)
    assert len({(received.id, received.body) for received in receiver.received}) == 1


def test_a_replay_is_refused_while_it_is_sent_and_where_nobody_listens(receiver):
    webhook = endpoint(receiver)
    [delivery] = deliveries(webhook)
    claim(1)
    with pytest.raises(Refused, match="being sent"):
        replay_delivery(delivery=delivery)
    Webhook.objects.update(is_active=False)
    with pytest.raises(Refused, match="switched off"):
        replay_delivery(delivery=delivery)
    with pytest.raises(Refused, match="switched off"):
        replay_period(webhook=webhook, since=timezone.now())


def test_a_period_is_replayed_by_its_ends_and_statuses(receiver):
    webhook, other = endpoint(receiver), endpoint(receiver, "/other")
    rows, _ = deliveries(webhook, 4), deliveries(other)
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    for hours, row in enumerate(rows):
        WebhookDelivery.objects.filter(pk=row.pk).update(
            created_at=noon + dt.timedelta(hours=hours), status="failed" if hours % 2 else "delivered"
        )
    assert replay_period(webhook=webhook, since=noon + dt.timedelta(hours=1), until=noon + dt.timedelta(hours=2)) == 2
    assert [state(row, "status") for row in rows] == ["delivered", "pending", "pending", "failed"]
    assert replay_period(webhook=webhook, since=noon, statuses=["failed"]) == 1
    with pytest.raises(ValidationError, match="ends before"):
        replay_period(webhook=webhook, since=noon, until=noon - dt.timedelta(seconds=1))


def test_chosen_deliveries_are_replayed_where_somebody_listens(receiver):
    webhook, off = endpoint(receiver), endpoint(receiver, "/off", is_active=False)
    deliveries(webhook, 2, status="failed")
    deliveries(off, 2, status="failed")
    assert replay_deliveries(deliveries=WebhookDelivery.objects.all()) == 2


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"url": "https://user:word@example.org/"}, "url", "user name"),
        ({"url": "ftp://example.org/"}, "url", "http"),
        ({"url": "http://10.0.0.1/"}, "url", "not a public"),
        ({"url": "http://2130706433/", "allow": ()}, "url", "not a public"),
        ({"event_types": ["signal.deleted"]}, "__all__", "signal.created"),
        ({"secret": "whsec_c2hvcnQ="}, "secret", "24 to 64"),
        ({"secret": "x" * 40}, "secret", "whsec_"),
        ({"secret": "whsec_" + "ü" * 40}, "secret", "whsec_"),
        ({"retry_policy": {"delays": [-1]}}, "retry_policy", "between 0 and"),
        ({"retry_policy": {"delays": [True]}}, "retry_policy", "between 0 and"),
        ({"retry_policy": {"delays": ["5"]}}, "retry_policy", "between 0 and"),
        ({"retry_policy": {"delays": []}}, "retry_policy", "1 to 20"),
        ({"retry_policy": {"delays": [1] * 21}}, "retry_policy", "1 to 20"),
        ({"retry_policy": {"retries": 3}}, "retry_policy", "delays"),
        ({"retry_policy": {"delays": [1], "more": 1}}, "retry_policy", "delays"),
    ],
)
def test_what_cannot_work_is_refused_at_entry(settings, fields, field, words):
    settings.WEBHOOK_ALLOW = fields.pop("allow", settings.WEBHOOK_ALLOW)
    with pytest.raises(ValidationError) as refused:
        create_webhook(**{"name": "Desk", "url": "https://example.org/hook"} | fields)
    assert words in " ".join(refused.value.message_dict[field])
    assert not Webhook.objects.exists()


def test_a_secret_of_one_s_own_is_taken_at_entry_and_at_rotation(receiver):
    webhook, secret = create_webhook(name="Desk", url="https://example.org/hook", secret=OTHER_SECRET)
    assert secret == OTHER_SECRET
    with pytest.raises(ValidationError, match="24 to 64"):
        rotate_webhook_secret(webhook=webhook, secret="whsec_AAAA")
    with pytest.raises(Refused, match="which it has"):
        rotate_webhook_secret(webhook=webhook, secret=OTHER_SECRET)


def test_every_delay_comes_with_up_to_a_tenth_more():
    delays = {schedule.next_delay_seconds({}, 3) for _ in range(200)}
    assert all(1800 <= delay <= 1980 for delay in delays)
    assert len(delays) > 100
    assert leases.DAYS_OF_FAILURE == 5
