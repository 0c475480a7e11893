"""Old rows of the logs go, batch by batch; what was not delivered stays, however old."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from delivery import retention
from delivery.jobs import forget_logs
from delivery.models import Alert, AlertNotice, AlertTrigger, InboxItem, Webhook, WebhookDelivery
from delivery.retention import forget_old_alerts, forget_old_deliveries
from delivery.services import create_webhook

pytestmark = pytest.mark.django_db


def key_of(moment: dt.datetime) -> uuid.UUID:
    """A UUID v7 of the moment: milliseconds, version, random bits."""
    stamp = int(moment.timestamp() * 1_000).to_bytes(6, "big")
    return uuid.UUID(bytes=stamp + b"\x70\x00\x80\x00" + uuid.uuid4().bytes[:6])


def ago(days: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=days)


@pytest.fixture
def webhook() -> Webhook:
    return create_webhook(name="Desk", url="https://example.org/hook")[0]


def delivery(webhook: Webhook, days: float, status: str = "delivered", again: float | None = None) -> WebhookDelivery:
    return WebhookDelivery.objects.create(
        id=key_of(ago(days)), webhook=webhook, event_type="signal.created", event_id=str(uuid.uuid4()), body=b"{}",
        status=status, created_at=ago(days), updated_at=ago(days if again is None else again),
    )  # fmt: skip


def test_deliveries_that_arrived_ninety_days_ago_go_and_no_others(webhook, monkeypatch):
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    kept = [
        delivery(webhook, 89.9),
        delivery(webhook, 400, "pending"),
        delivery(webhook, 400, "failed"),
        delivery(webhook, 400, again=1),
    ]
    for days in (90.1, 100, 200, 300, 400):
        delivery(webhook, days)
    assert forget_old_deliveries() == 5
    assert set(WebhookDelivery.objects.all()) == set(kept)
    assert forget_old_deliveries() == 0


def test_it_stops_between_batches_when_its_worker_is_told_to(webhook, monkeypatch):
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 1)
    for _ in range(3):
        delivery(webhook, 100)
    told = iter([False, False, True])
    assert forget_old_deliveries(is_stopping=lambda: next(told)) == 2


def trigger(days: float, *statuses: str) -> AlertTrigger:
    watch, _ = Alert.objects.get_or_create(name="Watch", alert_type="new_signal")
    made = AlertTrigger.objects.create(alert=watch, cause=str(uuid.uuid4()), reason="x", triggered_at=ago(days))
    for number, status in enumerate(statuses):
        AlertNotice.objects.create(trigger=made, channel="email", recipient=f"{number}@example.org", status=status)
    return made


def test_alert_history_of_two_years_ago_goes_unless_a_message_has_not_gone_out(django_user_model, monkeypatch):
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    user = django_user_model.objects.create_superuser("analyst", password="x")
    kept = [trigger(729.9, "sent"), trigger(800, "sent", "pending"), trigger(800, "failed")]
    for _ in range(3):
        InboxItem.objects.create(user=user, trigger=trigger(731, "sent"))
    trigger(900)
    assert forget_old_alerts() == 4
    assert set(AlertTrigger.objects.all()) == set(kept)
    assert AlertNotice.objects.count() == 4
    assert not InboxItem.objects.exists()


def test_inbox_entries_about_webhooks_go_with_the_alert_history(django_user_model, webhook):
    user = django_user_model.objects.create_superuser("analyst", password="x")
    for days in (729, 731):
        InboxItem.objects.create(id=key_of(ago(days)), user=user, webhook=webhook, reason="x")
    assert forget_old_alerts() == 1
    assert InboxItem.objects.count() == 1


def test_zero_days_keep_everything(settings, webhook):
    settings.KEEP_DELIVERIES_DAYS = settings.KEEP_ALERTS_DAYS = 0
    delivery(webhook, 4_000)
    trigger(4_000, "sent")
    assert forget_old_deliveries() == forget_old_alerts() == 0


def test_it_is_done_every_day(webhook):
    from procrastinate.contrib.django import app

    delivery(webhook, 100)
    cron = {entry.task.name: entry.cron for entry in app.periodic_registry.periodic_tasks.values()}
    assert cron["delivery.jobs.forget_logs"] == "50 7 * * *"
    context: Any = type("Context", (), {"additional_context": {}})()
    forget_logs.func(context, timestamp=0)
    assert not WebhookDelivery.objects.exists()


def test_sessions_that_are_over_go_with_the_logs():
    for name, days in (("over", -1), ("running", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=timezone.now() + dt.timedelta(days=days))
    context: Any = type("Context", (), {"additional_context": {}})()
    forget_logs.func(context, timestamp=0)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["running"]
