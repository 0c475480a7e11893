"""What leaves the desk about a company on the restricted list: alerts and webhooks, when written and when sent."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core import news
from biotech_ma.core.addresses import networks
from biotech_ma.core.closed import reader_of
from companies.merging import merge
from companies.models import RestrictionLog
from companies.restrictions import put_on, set_cleared, take_off
from delivery.alerts.sending import send_again, send_message, take_up
from delivery.alerts.trial import trial_of
from delivery.models import Alert, AlertNotice, AlertTrigger, InboxItem, Report, Webhook, WebhookDelivery
from delivery.services import (
    clear_webhook,
    create_webhook,
    issue_client,
    record_alert_trigger,
    replay_deliveries,
)
from delivery.webhooks.events import TOPICS
from delivery.webhooks.fan_out import fan_out
from delivery.webhooks.leases import WITHHOLD, claim, withhold
from scoring.services import weights_of
from tests.factories import AcquirerMatchFactory, CompanyFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 6, 30)
DUE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def desk() -> SimpleNamespace:
    """AAA on the list, BBB not; Ann is cleared, Bob not."""
    users = {}
    for name in ("ann", "bob"):
        users[name] = User.objects.create_user(name, email=f"{name}@desk.example", is_staff=True)
        users[name].groups.add(Group.objects.get(name="analyst"))
    held, other = CompanyFactory(ticker="AAA", name="Alpha Bio"), CompanyFactory(ticker="BBB", name="Beta Bio")
    restriction = put_on(company=held, reason="Mandate", cleared=[users["ann"]])
    return SimpleNamespace(**users, held=held, other=other, restriction=restriction)


def alert(**fields: Any) -> Alert:
    options = {"notification_channels": ["email"], "recipients": ["bob@desk.example"], "alert_type": "new_signal"}
    made = Alert(**{"name": "Watch", **options, **fields})
    made.full_clean()
    made.save()
    return made


def went_off(watch: Alert, company: Any, cause: str = "1") -> None:
    record_alert_trigger(alert=watch, cause=cause, reason=f"{company.ticker}: news", company=company)


def told(*acts: str) -> list[tuple[str, str, str]]:
    rows = RestrictionLog.objects.filter(act__in=acts).order_by("id")
    return list(rows.values_list("act", "who", "door"))


# --- alerts


def test_only_the_cleared_are_written_to_and_have_it_in_their_inbox(desk):
    watch = alert(
        notification_channels=["email", "inbox", "slack"], slack_webhook_url="https://hooks.example.org/x",
        recipients=["ANN@desk.example", "bob@desk.example", "outside@example.org"],
    )  # fmt: skip
    went_off(watch, desk.held)
    went_off(watch, desk.other, "2")
    notices = AlertNotice.objects.values_list("trigger__company__ticker", "channel", "recipient")
    assert sorted(notices) == [
        ("AAA", "email", "ANN@desk.example"),
        ("BBB", "email", "ANN@desk.example"),
        ("BBB", "email", "bob@desk.example"),
        ("BBB", "email", "outside@example.org"),
        ("BBB", "slack", ""),
    ]
    items = InboxItem.objects.values_list("user__username", "trigger__company__ticker")
    assert sorted(items) == [("ann", "AAA"), ("ann", "BBB"), ("bob", "BBB")]
    assert told("left_out") == [
        ("left_out", "inboxes", "alert Watch"),
        ("left_out", "bob@desk.example", "alert Watch"),
        ("left_out", "outside@example.org", "alert Watch"),
        ("left_out", "Slack", "alert Watch"),
    ]
    watch.refresh_from_db()
    assert watch.trigger_count == 1  # as everybody may know


def test_two_accounts_of_one_address_must_both_be_cleared(desk):
    User.objects.create_user("carl", email="ann@desk.example", is_staff=True)
    went_off(alert(recipients=["ann@desk.example"]), desk.held)
    assert not AlertNotice.objects.exists()


def test_an_account_that_is_switched_off_clears_no_address(desk):
    User.objects.filter(pk=desk.ann.pk).update(is_active=False)
    went_off(alert(recipients=["ann@desk.example"]), desk.held)
    assert not AlertNotice.objects.exists()


def test_a_clients_address_has_the_clients_clearance(desk):
    plain, _ = issue_client(client_name="Plain", contact_email="plain@fund.example")
    cleared, _ = issue_client(client_name="Cleared", contact_email="cleared@fund.example", is_cleared=True)
    for client in (plain, cleared):
        went_off(alert(client=client, recipients=[]), desk.held)
    # the address of another client's alert is nobody's
    went_off(alert(client=plain, recipients=["cleared@fund.example"]), desk.held)
    assert list(AlertNotice.objects.values_list("recipient", flat=True)) == ["cleared@fund.example"]


def send_due() -> list[Any]:
    return [send_message(each.claim, each.attempts) for each in take_up()]


def test_what_was_queued_before_the_company_came_onto_the_list_does_not_go_out(desk):
    take_off(restriction=desk.restriction, reason="x")
    watch = alert(recipients=["ann@desk.example", "bob@desk.example"])
    went_off(watch, desk.held)
    went_off(watch, desk.other, "2")
    assert AlertNotice.objects.count() == 4
    put_on(company=desk.held, reason="Mandate", cleared=[desk.ann])
    send_due()
    sent = {message.to[0]: message.body for message in mail.outbox}
    assert sorted(sent) == ["ann@desk.example", "bob@desk.example"]
    assert "AAA: news" in sent["ann@desk.example"]
    assert "AAA" not in sent["bob@desk.example"]
    assert "BBB: news" in sent["bob@desk.example"]
    held = AlertNotice.objects.get(recipient="bob@desk.example", trigger__company=desk.held)
    assert (held.status, held.next_attempt_at) == ("failed", None)
    assert held.error.startswith("Withheld: ")
    assert ("sent", "ann@desk.example", "alert Watch") in told("sent")
    # to send it again changes nothing, until the company is off the list
    send_again([held.pk])
    mail.outbox.clear()
    assert send_due() == ["failed"]
    assert mail.outbox == []


def test_a_message_of_a_closed_company_alone_is_not_sent_at_all(desk):
    take_off(restriction=desk.restriction, reason="x")
    went_off(alert(), desk.held)
    put_on(company=desk.held, reason="Mandate")
    assert send_due() == ["failed"]
    assert mail.outbox == []


def test_withdrawn_clearance_holds_a_queued_message_back(desk):
    went_off(alert(recipients=["ann@desk.example"]), desk.held)
    set_cleared(restriction=desk.restriction, users=[])
    assert send_due() == ["failed"]
    assert mail.outbox == []


def test_a_trial_tells_each_reader_what_he_would_be_told(desk):
    version = weights_of(None)[0]
    for company in (desk.held, desk.other):
        SignalFactory(company=company)
        MAScoreFactory(
            company=company, total_score=Decimal(80), score_version=version, is_latest=True, confidence=Decimal("0.9")
        )
    for watch in (Alert(alert_type="new_signal"), Alert(alert_type="score_threshold", threshold_value=Decimal(70))):
        assert [cause.ticker for cause in trial_of(watch).causes] == ["BBB"]
        assert [cause.ticker for cause in trial_of(watch, reader=reader_of(desk.bob)).causes] == ["BBB"]
        both = [cause.ticker for cause in trial_of(watch, reader=reader_of(desk.ann)).causes]
        assert sorted(both) == ["AAA", "BBB"]


# --- webhooks


def webhook(name: str = "Desk", **fields: Any) -> Webhook:
    return create_webhook(name=name, url=f"https://example.org/{name}", **fields)[0]


def tell(topic: str, **about: str) -> None:
    now = timezone.now()
    fan_out(topic, news.Span(now - dt.timedelta(hours=1), now + dt.timedelta(hours=1)), about)


def bodies(endpoint: Webhook) -> list[dict[str, Any]]:
    return [json.loads(bytes(row.body)) for row in WebhookDelivery.objects.filter(webhook=endpoint).order_by("id")]


def events_about(company: Any) -> None:
    """Write one row of each kind that makes an event about the company, and tell of all."""
    version, now = weights_of(None)[0], timezone.now()
    signal = SignalFactory(company=company, event_date=now, available_at=now)
    MAScoreFactory(company=company, score_date=DAY, score_version=version, is_latest=True)
    AcquirerMatchFactory(target_company=company, match_date=DAY, is_top_match=True, match_rank=1)
    watch = alert(name=f"W {company.ticker}", notification_channels=["webhook"], recipients=[])
    AlertTrigger.objects.create(alert=watch, company=company, signal=signal, cause="1", reason=company.ticker)
    report = Report.objects.create(
        title=f"Dive {company.ticker}", report_type="deep_dive", report_date=DAY, file_size_bytes=7,
        companies_included=[company.ticker],
    )  # fmt: skip
    tell("reports", report=str(report.pk))


def tell_all() -> None:
    tell("signals")
    tell("scores", score_date=DAY.isoformat(), score_version=weights_of(None)[0])
    tell("matches", match_date=DAY.isoformat())
    tell("alerts")


def test_events_about_it_go_to_cleared_addresses_alone(desk):
    plain, cleared = webhook("plain"), webhook("cleared")
    clear_webhook(webhook=cleared, is_cleared=True, reason="The acquirer's own system")
    for company in (desk.held, desk.other):
        events_about(company)
    tell_all()
    kinds = sorted(events.event_type.value for events in TOPICS.values())
    assert sorted(event["type"] for event in bodies(plain)) == kinds
    assert sorted(event["type"] for event in bodies(cleared)) == sorted(kinds * 2)
    assert "AAA" not in json.dumps(bodies(plain))


def test_a_match_is_closed_by_its_acquirer_too(desk):
    plain = webhook("plain")
    AcquirerMatchFactory(
        target_company=desk.other, acquirer_company=desk.held, match_date=DAY, is_top_match=True, match_rank=1
    )
    tell("matches", match_date=DAY.isoformat())
    assert bodies(plain) == []


def test_another_address_loses_the_clearance(desk):
    endpoint = webhook("cleared")
    clear_webhook(webhook=endpoint, is_cleared=True)
    Webhook.objects.filter(pk=endpoint.pk).update(url="https://example.org/elsewhere")
    SignalFactory(company=desk.held, event_date=timezone.now(), available_at=timezone.now())
    tell("signals")
    assert bodies(endpoint) == []


def test_a_delivery_queued_before_the_company_came_onto_the_list_fails_for_those_not_cleared(desk, settings):
    settings.WEBHOOK_ALLOW = networks(["127.0.0.0/8"])
    take_off(restriction=desk.restriction, reason="x")
    plain, cleared = webhook("plain"), webhook("cleared")
    clear_webhook(webhook=cleared, is_cleared=True)
    for company in (desk.held, desk.other):
        SignalFactory(company=company, event_date=timezone.now(), available_at=timezone.now())
    tell("signals")
    WebhookDelivery.objects.update(next_attempt_at=DUE)
    put_on(company=desk.held, reason="Mandate")
    got = sorted((message.url, "AAA" in message.body.decode()) for message in claim(100))
    assert got == [
        ("https://example.org/cleared", False),
        ("https://example.org/cleared", True),
        ("https://example.org/plain", False),
    ]
    assert withhold() == 1
    held = WebhookDelivery.objects.get(webhook=plain, status="failed")
    assert (held.company_ids, held.next_attempt_at) == ([desk.held.pk], None)
    assert held.error.startswith("Withheld: ")
    # nor does a replay send it
    replay_deliveries(deliveries=WebhookDelivery.objects.filter(pk=held.pk))
    WebhookDelivery.objects.filter(pk=held.pk).update(next_attempt_at=DUE)
    assert claim(100) == []
    assert withhold() == 1
    held.refresh_from_db()
    assert held.status == "failed"


def test_deliveries_in_the_log_are_closed_too(desk):
    cleared = webhook("cleared")
    clear_webhook(webhook=cleared, is_cleared=True)
    SignalFactory(company=desk.held, event_date=timezone.now(), available_at=timezone.now())
    tell("signals")
    delivery = WebhookDelivery.objects.get()
    for user in (desk.ann, desk.bob):
        user.groups.add(Group.objects.get(name="lead"))
    address = reverse("admin:delivery_webhookdelivery_change", args=[delivery.pk])
    for user, sees in ((desk.ann, True), (desk.bob, False)):
        browser = Browser()
        browser.force_login(user)
        shown = browser.get(address, follow=True).content.decode()
        assert ("Alpha Bio" in shown or "Trial" in shown) is sees
    assert ("refused", "bob", "webhook delivery") in told("refused")


def test_clearing_a_webhook_takes_an_administrator_and_a_reason(desk):
    endpoint = webhook("cleared")
    boss = User.objects.create_user("boss", is_staff=True)
    boss.groups.add(Group.objects.get(name="administrator"))
    desk.bob.groups.add(Group.objects.get(name="lead"))
    address = reverse("admin:delivery_webhook_toggle_clearance", args=[endpoint.pk])
    for user, may in ((desk.bob, False), (boss, True)):
        browser = Browser()
        browser.force_login(user)
        assert browser.post(address, {"confirmed": "yes", "reason": "Own system"}).status_code == (302 if may else 403)
        endpoint.refresh_from_db()
        assert endpoint.is_cleared is may
    assert browser.post(address, {"confirmed": "yes", "reason": ""}).status_code == 200
    assert browser.post(address, {"confirmed": "yes", "reason": "No more"}).status_code == 302
    endpoint.refresh_from_db()
    assert not endpoint.is_cleared


def test_without_a_list_no_delivery_is_looked_at(desk):
    take_off(restriction=desk.restriction, reason="x")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {WITHHOLD}", {"withheld": "x"})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "One-Time Filter" in plan
    assert "never executed" in plan


# --- merged duplicates


def test_what_stands_under_a_duplicate_is_closed_with_the_company_that_was_kept(desk):
    take_off(restriction=desk.restriction, reason="x")
    duplicate = CompanyFactory(ticker="DUP", name="Alpha Biosciences")
    watch = alert(notification_channels=["email", "inbox"], recipients=["ann@desk.example", "bob@desk.example"])
    went_off(watch, duplicate)
    endpoint = webhook("plain")
    SignalFactory(company=duplicate, event_date=timezone.now(), available_at=timezone.now())
    tell("signals")
    WebhookDelivery.objects.update(next_attempt_at=DUE)
    merge(kept=desk.held, duplicate=duplicate)
    put_on(company=desk.held, reason="Mandate", cleared=[desk.ann])
    send_due()
    assert [message.to for message in mail.outbox] == [["ann@desk.example"]]
    assert claim(100) == []
    assert withhold() == 1
    for user, sees in ((desk.ann, True), (desk.bob, False)):
        browser = Browser()
        browser.force_login(user)
        shown = browser.get(reverse("admin:delivery_inboxitem_changelist")).content.decode()
        assert ("DUP: news" in shown) is sees
    assert WebhookDelivery.objects.get(webhook=endpoint).status == "failed"
