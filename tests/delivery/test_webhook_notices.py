"""An endpoint that was switched off by itself: people are told in their inboxes and by e-mail, once each time."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core import mail
from django.db.models import Q
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from delivery.models import InboxItem, Webhook, WebhookDelivery
from delivery.services import create_webhook
from delivery.webhooks.jobs import mail_notice
from delivery.webhooks.leases import Message, Outcome, record, switch_off
from delivery.webhooks.notices import send_notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(django_user_model) -> dict[str, Any]:
    make = django_user_model.objects.create_user
    return {
        "admin": django_user_model.objects.create_superuser("admin", email="admin@example.org", password="x"),
        "silent": django_user_model.objects.create_superuser("silent", email="", password="x"),
        "stranger": make("stranger", email="stranger@example.org", password="x", is_staff=True),
        "left": django_user_model.objects.create_superuser("left", "left@example.org", "x", is_active=False),
    }


def endpoint(**fields: Any) -> Webhook:
    return create_webhook(name="Desk\r\nBcc: x@example.org", url="https://example.org/hook/token-1", **fields)[0]


def outcome(webhook: Webhook, *, is_gone: bool = False) -> Outcome:
    body = WebhookDelivery.objects.create(webhook=webhook, event_type="signal.created", body=b"{}")
    message = Message(body.pk, uuid.uuid4(), webhook.pk, webhook.url, b"{}", 0, {}, 15, ())
    return Outcome(message, "It answered 410.", None if is_gone else 5.0, 410, "", is_gone)


def queued() -> list[dict[str, Any]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name=mail_notice.name).order_by("id")]


def recipients() -> list[str]:
    return [job["recipient"] for job in queued()]


def test_an_endpoint_that_is_gone_is_told_to_those_who_may_see_webhooks_once(people):
    webhook = endpoint()
    for _ in range(2):
        record([outcome(webhook, is_gone=True)])
    assert set(InboxItem.objects.values_list("user", "webhook", "reason")) == {
        (people[name].pk, webhook.pk, "It answered 410 Gone: nobody listens there any more.")
        for name in ("admin", "silent")
    }
    assert InboxItem.objects.count() == 2
    assert recipients() == ["admin@example.org"]


def test_five_days_of_failure_are_told_to_the_contact_and_again_only_after_it_was_switched_on(people):
    webhook = endpoint(contact_email="owner@example.com")
    Webhook.objects.filter(pk=webhook.pk).update(failing_since=timezone.now() - dt.timedelta(days=5, minutes=1))
    record([outcome(webhook)])
    record([outcome(webhook)])
    assert recipients() == ["owner@example.com"]
    assert InboxItem.objects.filter(user=people["admin"]).count() == 1
    Webhook.objects.filter(pk=webhook.pk).update(is_active=True)
    assert switch_off(webhook.pk, "again")
    assert recipients() == ["owner@example.com"] * 2
    assert InboxItem.objects.filter(user=people["admin"]).count() == 2


def test_the_e_mail_says_why_and_what_to_do_and_shows_no_token(people):
    webhook = endpoint(contact_email="owner@example.com")
    WebhookDelivery.objects.create(webhook=webhook, event_type="signal.created", body=b"{}")
    switch_off(webhook.pk, "Nothing has arrived for 5 days.")
    [job] = queued()
    for _ in range(2):
        mail_notice(**job)
    first, second = mail.outbox
    assert first.to == ["owner@example.com"]
    assert first.subject == "Webhook “Desk Bcc: x@example.org” is switched off"
    assert "Nothing has arrived for 5 days." in first.body
    assert "example.org was switched off" in first.body
    assert "Events that wait for it: 1." in first.body
    assert "token-1" not in first.body
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_mail_server_that_refuses_makes_the_job_fail_so_that_it_is_tried_again(people, monkeypatch):
    def refuse(message: mail.EmailMessage) -> int:
        raise ConnectionRefusedError

    webhook = endpoint()
    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    values: dict[str, Any] = {"reason": "x", "recipient": "a@example.org", "notice": "1"}
    with pytest.raises(ConnectionRefusedError):
        send_notice(webhook_id=webhook.pk, **values)
    assert mail_notice.retry_strategy.max_attempts == 6


def test_the_inbox_shows_it_and_leads_to_the_webhook(people):
    webhook = endpoint()
    switch_off(webhook.pk, "Nothing has arrived for 5 days.")
    browser = Browser()
    browser.force_login(people["admin"])
    item = InboxItem.objects.get(user=people["admin"])
    for address in (
        reverse("admin:delivery_inboxitem_changelist"),
        reverse("admin:delivery_inboxitem_change", args=[item.pk]),
    ):
        page = browser.get(address).content.decode()
        assert "Nothing has arrived for 5 days." in page
        assert reverse("admin:delivery_webhook_change", args=[webhook.pk]) in page
    assert InboxItem.objects.filter(Q(user=people["admin"]), read_at__isnull=False).exists()
