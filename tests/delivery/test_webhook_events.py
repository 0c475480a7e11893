"""News become deliveries in their transaction's wake: to whom, of what, once."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core import news
from biotech_ma.core.services import Refused, archive
from delivery.models import Alert, AlertTrigger, Client, Report, Webhook, WebhookDelivery
from delivery.services import (
    create_webhook,
    issue_client,
    record_alert_trigger,
    replay_deliveries,
    replay_delivery,
    revoke_client,
)
from delivery.webhooks.jobs import tell_endpoints
from delivery.webhooks.leases import Outcome, claim, record, withhold
from scoring.services import MATCHES, SCORES, weights_of
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.services import record_signal
from tests.factories import AcquirerMatchFactory, CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 6, 30)
PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def webhook(name: str = "Desk", **fields: Any) -> Webhook:
    return create_webhook(name=name, url="https://example.org/hook", **fields)[0]


def work() -> None:
    """Do the jobs that news have queued, as a worker does."""
    for job in ProcrastinateJob.objects.filter(task_name=tell_endpoints.name, status="todo").order_by("id"):
        tell_endpoints(**job.args)


def told(endpoint: Webhook) -> list[dict[str, Any]]:
    work()
    rows = WebhookDelivery.objects.filter(webhook=endpoint).order_by("id")
    return [json.loads(bytes(row.body)) for row in rows]


def signal(company: Any = None, **fields: Any) -> Any:
    company = company or CompanyFactory()
    values = {"signal_type": "other_event", "event_date": timezone.now(), "title": "8-K"}
    return record_signal(company=company, **values | fields)


def test_a_signal_is_told_with_what_the_api_shows_of_it():
    endpoint, company = webhook(), CompanyFactory(ticker="ACME")
    row = signal(company, title="Merger “agreed”", signal_data={"form": "8-K"})
    [event] = told(endpoint)
    assert set(event) == {"type", "timestamp", "data"}
    assert event["type"] == "signal.created"
    assert dt.datetime.fromisoformat(event["timestamp"]) == row.created_at
    data = event["data"]
    assert (data["id"], data["ticker"], data["title"]) == (str(row.pk), "ACME", "Merger “agreed”")
    assert data["signal_data"] == {"form": "8-K"}


def test_the_same_news_twice_is_told_once():
    endpoint = webhook()
    signal()
    work()
    assert len(told(endpoint)) == 1


def test_old_filings_tell_nobody():
    endpoint = webhook()
    signal(available_at=timezone.now() - dt.timedelta(days=4), title="old")
    signal(available_at=timezone.now() - dt.timedelta(days=2), title="new")
    assert [event["data"]["title"] for event in told(endpoint)] == ["new"]


def test_who_is_added_later_is_told_of_later_signals():
    webhook()
    with transaction.atomic():
        signal()
    Webhook.objects.update(created_at=timezone.now() + dt.timedelta(hours=1))
    assert told(Webhook.objects.get()) == []


def test_nobody_to_tell_is_no_job():
    archive(row=webhook())
    Webhook.objects.filter(pk=webhook().pk).update(is_active=False)
    signal()
    assert not ProcrastinateJob.objects.filter(task_name=tell_endpoints.name).exists()


def test_only_whom_it_concerns_is_told():
    acme, other = CompanyFactory(ticker="ACME"), CompanyFactory(ticker="OTHR")
    MAScoreFactory(company=acme, total_score=Decimal(70), is_latest=True)
    wants = {
        "all": webhook("all"),
        "signals": webhook("signals", event_types=["ping", "signal.created"]),
        "scores": webhook("scores", event_types=["score.updated"]),
        "acme": webhook("acme", company_tickers=["ACME", "NONE"]),
        "over 70": webhook("over 70", min_score=Decimal(70)),
        "over 71": webhook("over 71", min_score=Decimal(71)),
    }
    signal(acme, title="of acme")
    signal(other, title="of other")
    assert {name: sorted(event["data"]["title"] for event in told(endpoint)) for name, endpoint in wants.items()} == {
        "all": ["of acme", "of other"],
        "signals": ["of acme", "of other"],
        "scores": [],
        "acme": ["of acme"],
        "over 70": ["of acme"],  # a company without a score reaches no endpoint with a minimum
        "over 71": [],
    }


def tell(topic: str, **about: str) -> None:
    with transaction.atomic():
        news.tell(topic, **about)


def test_scores_of_the_newest_day_are_told_once_in_each_state():
    endpoint, version = webhook(min_score=Decimal(60)), weights_of(None)[0]
    high = MAScoreFactory(score_date=DAY, score_version=version, total_score=Decimal("71.5"), is_latest=True)
    MAScoreFactory(score_date=DAY, score_version=version, total_score=Decimal(59), is_latest=True)
    MAScoreFactory(score_date=DAY, score_version="other", total_score=Decimal(90))
    for _ in range(2):
        tell(SCORES, score_date=DAY.isoformat(), score_version=version)
    [event] = told(endpoint)
    assert (event["type"], event["data"]["id"], event["data"]["total_score"]) == ("score.updated", str(high.pk), 71.5)
    assert "metadata" not in event["data"]


def test_scores_of_an_earlier_day_tell_nobody():
    endpoint, version = webhook(), weights_of(None)[0]
    earlier = DAY - dt.timedelta(days=1)
    MAScoreFactory(score_date=earlier, score_version=version, is_latest=True)  # no target any more
    MAScoreFactory(score_date=DAY, score_version=version, is_latest=True)
    tell(SCORES, score_date=earlier.isoformat(), score_version=version)
    assert told(endpoint) == []


def test_the_best_matches_of_the_newest_day_are_told_to_those_who_follow_either_side():
    target = CompanyFactory(ticker="ACME")
    ends = [webhook("target", company_tickers=["ACME"]), webhook("buyer", company_tickers=["BUYR"])]
    neither = webhook("neither", company_tickers=["NONE"])
    match = AcquirerMatchFactory(
        target_company=target, acquirer_ticker="BUYR", match_date=DAY, match_rank=1, is_top_match=True
    )
    AcquirerMatchFactory(target_company=target, match_date=DAY, match_rank=9)
    tell(MATCHES, match_date=DAY.isoformat())
    assert [[event["data"]["id"] for event in told(end)] for end in ends] == [[str(match.pk)]] * 2
    assert told(neither) == []


def test_an_alert_is_told_when_a_webhook_is_its_channel():
    endpoint = webhook()
    quiet = Alert.objects.create(name="quiet", alert_type="custom")
    loud = Alert.objects.create(name="loud", alert_type="custom", notification_channels=["inbox", "webhook"])
    for alert in (quiet, loud):
        AlertTrigger.objects.create(alert=alert, cause="x", reason="because")
    tell("alerts")
    [event] = told(endpoint)
    assert (event["type"], event["data"]["alert_name"]) == ("alert.triggered", "loud")


def test_a_report_is_told_once_it_is_ready_and_of_all_companies_where_it_names_none():
    acme, other = webhook("acme", company_tickers=["ACME"], min_score=Decimal(99)), webhook("o", company_tickers=["O"])
    for title, names, size in (("acme", ["ACME"], 7), ("all", [], 7), ("waits", [], None)):
        row = Report.objects.create(
            title=title, report_type="deep_dive", report_date=DAY, companies_included=names, file_size_bytes=size
        )
        tell("reports", report=str(row.pk))
    assert [{event["data"]["title"] for event in told(endpoint)} for endpoint in (acme, other)] == [
        {"acme", "all"},
        {"all"},
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", ["sent", "failed"])
def test_a_report_is_told_although_its_e_mails_were_quicker(status):
    endpoint = webhook()
    row = Report.objects.create(title="x", report_type="deep_dive", report_date=DAY, file_size_bytes=7)
    tell("reports", report=str(row.pk))
    Report.objects.filter(pk=row.pk).update(delivery_status=status)
    assert [event["data"]["id"] for event in told(endpoint)] == [str(row.pk)]


def test_a_thousand_signals_and_ten_endpoints_take_as_many_queries_as_one(django_assert_num_queries):
    for number in range(10):
        webhook(str(number))
    company, now = CompanyFactory(), timezone.now()
    with transaction.atomic():
        merge_signals(
            [
                SignalRecord(company.pk, "other_event", now, now, f"title {n}", "test", str(n), None, {})
                for n in range(1_000)
            ]
        )
    [job] = ProcrastinateJob.objects.filter(task_name=tell_endpoints.name)
    with django_assert_num_queries(6):  # the statement and the queueing of its sending, each within a savepoint
        tell_endpoints(**job.args)
    assert WebhookDelivery.objects.count() == 10_000


@transaction.atomic
def fail_after_a_signal() -> None:
    signal()
    raise ZeroDivisionError


def test_news_of_a_transaction_that_fails_leave_no_job():
    webhook()
    with pytest.raises(ZeroDivisionError):
        fail_after_a_signal()
    assert not ProcrastinateJob.objects.filter(task_name=tell_endpoints.name).exists()


def test_what_was_made_for_one_client_is_told_to_its_endpoints_and_the_desks_own():
    (mine, _), (other, _) = issue_client(client_name="Fund"), issue_client(client_name="Other")
    desk, own, foreign = webhook("Desk"), webhook("Own", client=mine), webhook("Foreign", client=other)
    for client, cause in ((mine, "for Fund"), (None, "for all")):
        watch = Alert.objects.create(
            name="Watch", alert_type="new_signal", notification_channels=["webhook"], client=client
        )
        record_alert_trigger(alert=watch, cause="1", reason=cause)
    reasons = {each.name: [event["data"]["reason"] for event in told(each)] for each in (desk, own, foreign)}
    assert reasons == {"Desk": ["for Fund", "for all"], "Own": ["for Fund", "for all"], "Foreign": ["for all"]}


@pytest.mark.parametrize(
    "ending", [{"is_active": False}, {"deleted_at": Now()}, {"expires_at": dt.datetime.now(dt.UTC)}]
)
def test_the_endpoints_of_a_client_whose_key_is_dead_are_told_nothing(ending):
    client, _ = issue_client(client_name="Fund")
    own, desk = webhook("Own", client=client), webhook("Desk")
    Client.all_objects.filter(pk=client.pk).update(**ending)
    signal()
    assert (len(told(own)), len(told(desk))) == (0, 1)


@pytest.mark.parametrize("ending", [{"is_active": False}, {"deleted_at": Now()}, {"expires_at": PAST}])
def test_what_waits_for_a_client_whose_key_dies_is_cancelled_and_can_be_sent_again(ending):
    client, _ = issue_client(client_name="Fund")
    own, desk = webhook("Own", client=client), webhook("Desk")
    signal()
    work()
    WebhookDelivery.objects.update(next_attempt_at=PAST)
    Client.all_objects.filter(pk=client.pk).update(**ending)
    assert [message.webhook_id for message in claim(9)] == [desk.pk]
    assert withhold() == 1
    [waited] = WebhookDelivery.objects.filter(webhook=own)
    assert (waited.status, waited.next_attempt_at) == ("failed", None)
    assert waited.error.startswith("Cancelled: the API client of this endpoint is revoked, expired or archived.")
    with pytest.raises(Refused, match="make the client active first"):
        replay_delivery(delivery=waited)
    assert replay_deliveries(deliveries=WebhookDelivery.objects.filter(pk=waited.pk)) == 0
    Client.all_objects.filter(pk=client.pk).update(is_active=True, deleted_at=None, expires_at=None)
    replay_delivery(delivery=waited)
    WebhookDelivery.objects.filter(pk=waited.pk).update(next_attempt_at=PAST)
    assert withhold() == 0
    assert [message.id for message in claim(9)] == [waited.pk]


def test_revoking_a_key_leaves_what_is_out_to_its_answer():
    client, _ = issue_client(client_name="Fund")
    own = webhook("Own", client=client)
    signal()
    work()
    WebhookDelivery.objects.update(next_attempt_at=PAST)
    [message] = claim(9)
    signal()
    work()
    revoke_client(client=client)
    assert list(WebhookDelivery.objects.filter(webhook=own).order_by("id").values_list("status", flat=True)) == [
        "pending", "failed",
    ]  # fmt: skip
    record([Outcome(message, error=None, response_status=204)])
    assert WebhookDelivery.objects.get(pk=message.id).status == "delivered"
