"""What is sent, how it is signed, and what becomes of it: against an endpoint on this machine."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from biotech_ma.core.addresses import networks
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
from delivery.webhooks.leases import LEASE_SECONDS, MOST_A_FAILING_ENDPOINT, MOST_AN_ENDPOINT, Outcome, claim, record
from delivery.webhooks.sender import send_due
from tests.concurrency import together
from tests.core.servers import ROOT
from tests.webhook_receiver import OK, Answer, Received, Receiver

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_SECRET = "whsec_" + "QUJD" * 8


@pytest.fixture(autouse=True)
def loopback(settings) -> None:
    settings.WEBHOOK_ALLOW = networks(["127.0.0.0/8"])


@pytest.fixture(autouse=True)
def no_jobs() -> Iterator[None]:
    yield
    ProcrastinateJob.objects.all()._raw_delete("default")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
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


def fail(receiver: Receiver, webhook: Webhook) -> Webhook:
    receiver.answer = lambda received: (500, {}, b"")
    deliveries(webhook)
    send_due()
    webhook.refresh_from_db()
    return webhook


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


# --- ping and replay ---


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


# --- what is refused at entry ---


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
