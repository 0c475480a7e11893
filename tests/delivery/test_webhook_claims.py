"""Webhook deliveries that several senders share: claims, leases, what hangs and what is stopped."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.utils import timezone

from delivery.models import Webhook, WebhookDelivery
from delivery.webhooks.leases import LEASE_SECONDS, MOST_A_FAILING_ENDPOINT, MOST_AN_ENDPOINT, Outcome, claim, record
from delivery.webhooks.sender import send_due
from tests.concurrency import together
from tests.delivery.webhook_desk import (
    calls_loopback,  # noqa: F401 - a fixture
    deliveries,
    endpoint,
    fail,
    queued_by_hand,  # noqa: F401 - a fixture
    running_receiver,  # noqa: F401 - a fixture
    state,
)
from tests.webhook_receiver import OK, Answer, Received

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_claims_at_once_share_nothing(receiver):
    webhooks = [endpoint(receiver, f"/{n}") for n in range(4)]
    for webhook in webhooks:
        deliveries(webhook, 30)
    first, second = together(lambda: claim(100), lambda: claim(100))
    ids = [message.id for message in (*first, *second)]
    assert len(ids) == len(set(ids)) > 0


def test_a_claim_takes_few_of_each_endpoint_and_fewer_of_one_that_fails(receiver):
    well, ill = endpoint(receiver, "/well"), endpoint(receiver, "/ill")
    deliveries(ill, 50)
    deliveries(well, 50)
    Webhook.objects.filter(pk=ill.pk).update(failing_since=timezone.now())
    messages = claim(256)
    assert sum(message.webhook_id == well.pk for message in messages) == MOST_AN_ENDPOINT
    assert sum(message.webhook_id == ill.pk for message in messages) == MOST_A_FAILING_ENDPOINT
    assert claim(256) == []  # places are taken until an outcome is on record


def test_a_lease_that_ran_out_is_claimed_anew_and_a_late_failure_changes_nothing(receiver):
    [delivery] = deliveries(endpoint(receiver))
    [late] = claim(10)
    assert state(delivery, "next_attempt_at") <= timezone.now() + dt.timedelta(seconds=LEASE_SECONDS)
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    [again] = claim(10)
    assert again.id == late.id
    record([Outcome(late, "late", delay_seconds=9.0)])
    assert state(delivery, "attempts", "lease") == (0, again.lease)
    record([Outcome(late, None)])  # late, but it did arrive
    assert state(delivery, "status") == "delivered"
    record([Outcome(again, "No answer.", delay_seconds=9.0)])
    assert state(delivery, "status") == "delivered"


def test_no_lock_is_held_while_the_request_is_out(receiver):
    """The endpoint's and the delivery's rows can be changed from outside in the middle of an attempt."""
    locked: list[str] = []

    def lock() -> None:
        try:
            with connection.cursor() as db:
                db.execute("SELECT FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id FOR UPDATE NOWAIT")
            locked.append("nothing")
        except OperationalError as error:
            locked.append(str(error))
        finally:
            connection.close()

    def answer(received: Received) -> Answer:
        # A thread of its own, and so a session of its own.
        other = threading.Thread(target=lock)
        other.start()
        other.join()
        return OK

    receiver.answer = answer
    [delivery] = deliveries(endpoint(receiver))
    send_due()
    assert locked == ["nothing"]
    assert state(delivery, "status") == "delivered"


def test_a_hanging_endpoint_holds_up_nobody(receiver):
    receiver.answer = lambda received: None if received.path == "/hangs" else OK
    hangs, others = endpoint(receiver, "/hangs", timeout_seconds=1), [endpoint(receiver, f"/{n}") for n in range(5)]
    deliveries(hangs, 100)
    for other in others:
        deliveries(other, 40)
    must_end = iter(range(10_000))
    done = WebhookDelivery.objects.filter(webhook__in=others, status="delivered")
    send_due(must_end=lambda: done.count() == 200 or next(must_end) == 9_999)
    assert done.count() == 200
    assert WebhookDelivery.objects.filter(webhook=hangs, status="pending").count() == 100


def test_a_sender_that_must_end_gives_back_what_is_under_way(receiver):
    receiver.answer = lambda received: None
    [delivery] = deliveries(endpoint(receiver))
    send_due(must_end=lambda: bool(receiver.received))
    assert state(delivery, "lease", "attempts") == (None, 0)
    assert state(delivery, "next_attempt_at") <= timezone.now()


def test_a_sender_that_is_stopping_claims_no_more_and_waits_for_the_rest(receiver):
    webhook = endpoint(receiver)
    deliveries(webhook, MOST_AN_ENDPOINT * 3)
    assert send_due(is_stopping=lambda: True) == MOST_AN_ENDPOINT
    assert WebhookDelivery.objects.filter(status="delivered").count() == MOST_AN_ENDPOINT


def test_outcomes_of_two_senders_are_both_counted(receiver):
    webhooks = [endpoint(receiver, f"/{n}") for n in range(3)]
    for webhook in webhooks:
        deliveries(webhook, 2 * MOST_AN_ENDPOINT)
    first = claim(256)
    with connection.cursor() as db:
        db.execute("UPDATE webhook_deliveries SET lease = NULL WHERE lease IS NOT NULL")
    second = claim(256)
    results = together(
        lambda: record([Outcome(message, None) for message in first]),
        lambda: record([Outcome(message, None) for message in reversed(second)]),
    )
    assert results == [None, None]
    assert set(Webhook.objects.values_list("success_count", flat=True)) == {2 * MOST_AN_ENDPOINT}


def test_counting_writes_no_history(receiver):
    webhook = endpoint(receiver)
    events = apps.get_model("delivery", "WebhookEvent").objects.filter(pgh_obj_id=webhook.pk)
    before = events.count()
    fail(receiver, webhook)
    assert events.count() == before


def test_a_long_error_is_cut_and_holds_no_nul(receiver):
    webhook = endpoint(receiver)
    deliveries(webhook)
    record([Outcome(claim(1)[0], "HTTP\x00" + "x" * 9_000, delay_seconds=1.0)])
    webhook.refresh_from_db()
    assert webhook.last_error == "HTTP" + "x" * 3_996
