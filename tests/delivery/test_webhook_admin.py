"""Webhooks and background jobs in the admin: ping, send again, what failed and why; for whoever may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.admin.confirm import CONFIRMED
from biotech_ma.core.job_failures import JobFailure
from biotech_ma.core.job_titles import tasks_titled
from delivery.models import Webhook, WebhookDelivery
from delivery.services import create_webhook

pytestmark = pytest.mark.django_db

JOBS = "admin:procrastinate_procrastinatejob"


@pytest.fixture
def analyst() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


@pytest.fixture
def reader() -> Browser:
    """A user who may see and change nothing."""
    user = User.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def webhook() -> Webhook:
    return create_webhook(name="Desk", url="https://example.org/hook")[0]


def failed(webhook: Webhook, event: str = "a") -> WebhookDelivery:
    return WebhookDelivery.objects.create(
        webhook=webhook, event_type="signal.created", event_id=event, body=b"{}", status="failed",
        next_attempt_at=None, attempts=8, error="It answered 500.",
    )  # fmt: skip


def test_a_ping_asks_and_leads_to_its_delivery(analyst, webhook):
    path = reverse("admin:delivery_webhook_ping", args=[webhook.pk])
    assert "Send a ping?" in analyst.get(path).content.decode()
    assert not WebhookDelivery.objects.exists()
    response = analyst.post(path, {CONFIRMED: "yes", "reason": ""})
    delivery = WebhookDelivery.objects.get()
    assert delivery.event_type == "ping"
    assert response["Location"] == reverse("admin:delivery_webhookdelivery_change", args=[delivery.pk])


def test_a_delivery_is_sent_again_after_asking(analyst, webhook):
    delivery = failed(webhook)
    path = reverse("admin:delivery_webhookdelivery_replay", args=[delivery.pk])
    analyst.get(path)
    delivery.refresh_from_db()
    assert delivery.status == "failed"
    analyst.post(path, {CONFIRMED: "yes", "reason": ""})
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)


def test_chosen_deliveries_are_sent_again_and_those_left_out_are_said(analyst, webhook):
    off = create_webhook(name="Off", url="https://example.org/off", is_active=False)[0]
    chosen = [failed(webhook), failed(webhook, "b"), failed(off)]
    response = analyst.post(
        reverse("admin:delivery_webhookdelivery_changelist"),
        {"action": "replay_selected", "_selected_action": [row.pk for row in chosen]},
        follow=True,
    )
    text = response.content.decode()
    assert "2 deliveries are due again" in text
    assert "1 left out" in text
    assert WebhookDelivery.objects.filter(status="pending").count() == 2


def test_who_may_only_look_sends_nothing(reader, webhook):
    delivery = failed(webhook)
    for path in (
        reverse("admin:delivery_webhook_ping", args=[webhook.pk]),
        reverse("admin:delivery_webhookdelivery_replay", args=[delivery.pk]),
    ):
        reader.post(path, {CONFIRMED: "yes", "reason": ""})
    reader.post(
        reverse("admin:delivery_webhookdelivery_changelist"),
        {"action": "replay_selected", "_selected_action": [delivery.pk]},
    )
    assert list(WebhookDelivery.objects.values_list("status", flat=True)) == ["failed"]


def test_an_endpoint_switched_off_by_itself_is_on_the_first_page_with_its_reason(analyst, webhook):
    assert "Every endpoint takes what it is sent" in analyst.get(reverse("admin:index")).content.decode()
    Webhook.objects.update(is_active=False, disabled_reason="It answered 410 Gone.", failing_since=timezone.now())
    for path in (reverse("admin:index"), reverse("admin:delivery_webhook_changelist")):
        text = analyst.get(path).content.decode()
        assert "switched off by itself" in text
        assert "It answered 410 Gone." in text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("url", "https://user:word@example.org/", "user name"),
        ("url", "http://10.0.0.1/", "not a public address"),
        ("retry_policy", "soon", "Not a number of seconds"),
        ("retry_policy", "700000", "seven days"),
    ],
)
def test_the_form_refuses_what_cannot_work(analyst, field, value, words):
    values = {
        "name": "Desk",
        "url": "https://example.org/hook",
        "timeout_seconds": 15,
        "is_active": "on",
        "metadata": "{}",
    }
    response = analyst.post(reverse("admin:delivery_webhook_add"), values | {field: value})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Webhook.objects.exists()


def test_the_list_and_its_export_leave_out_the_values_of_an_addresss_parameters(analyst):
    hook, _ = create_webhook(name="Desk", url="https://example.org/hook?token=s3cret")
    Webhook.objects.update(cleared_url=hook.url)
    text = analyst.get(reverse("admin:delivery_webhook_changelist")).content.decode()
    assert "https://example.org/hook?token=***" in text
    assert "s3cret" not in text
    answer = analyst.get(reverse("admin:delivery_webhook_export"), {"export": "csv"})
    exported = b"".join(answer.streaming_content).decode()
    assert "https://example.org/hook?token=***" in exported
    assert "s3cret" not in exported


# --- background jobs ---


def job(task: str = "delivery.webhooks.jobs.tell_endpoints", **fields: object) -> ProcrastinateJob:
    key = app.configure_task(task, queue="webhooks", allow_unknown=True).defer(topic="signals")
    if fields:
        names = ", ".join(f"{name} = %s" for name in fields)
        with connection.cursor() as db:
            db.execute(f"UPDATE procrastinate_jobs SET {names} WHERE id = %s", [*fields.values(), key])
    return ProcrastinateJob.objects.get(pk=key)


def test_jobs_failures_and_retries_are_shown_with_what_happened(analyst):
    broken = [job(), job(status="failed", attempts=3), job(attempts=2)][1]
    JobFailure.objects.create(job_id=broken.pk, reason="ValueError: the first time")
    JobFailure.objects.create(job_id=broken.pk, reason="ValueError: the last time")
    text = analyst.get(reverse(f"{JOBS}_changelist")).content.decode()
    for word in ("waiting", "failed", "to be tried again", "Write webhook deliveries", "3 of 11", "topic: signals"):
        assert word in text
    assert "ValueError: the last time" in text
    assert "the first time" not in text
    told = analyst.get(reverse(f"{JOBS}_change", args=[broken.pk])).content.decode()
    assert "ValueError: the first time" in told
    failed = analyst.get(reverse(f"{JOBS}_changelist"), {"trouble": "failed"}).content.decode()
    assert "to be tried again" not in failed.partition("<tbody")[2]
    page = analyst.get(reverse(f"{JOBS}_change", args=[ProcrastinateJob.objects.earliest("id").pk]))
    assert "queued" in page.content.decode()


def test_every_task_has_a_name_of_the_desk_and_is_found_by_it(analyst):
    own = {name for name in app.tasks if name.partition(".")[0] in {"biotech_ma", "signals_app", "scoring", "delivery"}}
    assert len(own) > 15
    assert own == set(tasks_titled(""))
    job(), job("delivery.webhooks.jobs.send_deliveries")
    text = analyst.get(reverse(f"{JOBS}_changelist"), {"q": "webhooks DUE"}).content.decode()
    assert "Send webhooks due" in text
    assert "Write webhook deliveries" not in text


def test_failed_jobs_are_retried_and_waiting_ones_cancelled(analyst):
    waiting, broken = job(), job(status="failed", attempts=3)
    for action in ("retry_selected", "cancel_selected"):
        chosen = broken if action == "retry_selected" else waiting
        analyst.post(reverse(f"{JOBS}_changelist"), {"action": action, "_selected_action": [chosen.pk]})
    states = dict(ProcrastinateJob.objects.values_list("pk", "status"))
    assert states == {waiting.pk: "cancelled", broken.pk: "todo"}


def test_jobs_are_nobody_s_to_change_who_may_only_look(reader):
    broken = job(status="failed")
    assert reader.get(reverse(f"{JOBS}_changelist")).status_code == 200
    reader.post(reverse(f"{JOBS}_changelist"), {"action": "retry_selected", "_selected_action": [broken.pk]})
    assert ProcrastinateJob.objects.get().status == "failed"


def test_the_list_of_jobs_takes_as_many_queries_for_many(analyst, django_assert_max_num_queries):
    for _ in range(20):
        job()
    analyst.get(reverse(f"{JOBS}_changelist"))
    with django_assert_max_num_queries(8):
        analyst.get(reverse(f"{JOBS}_changelist"))


def test_one_field_of_many_webhooks_is_changed_after_a_preview_by_who_may(analyst, reader, webhook):
    other, _ = create_webhook(name="Other", url="https://other.example/hook")
    address = reverse("admin:delivery_webhook_changelist")
    chosen = {
        "action": "edit_selected", "index": "0", "_selected_action": [str(webhook.pk), str(other.pk)],
        "bulk_field": "event_types", "bulk_value-event_types": ["signal.created"],
    }  # fmt: skip
    preview = analyst.post(address, chosen)
    assert set(preview.context["forms_of"]) == {"is_active", "event_types", "min_score", "timeout_seconds"}
    assert preview.context["changing"] == 2
    apply = {**chosen, "bulk_apply": "yes", "bulk_seen": preview.context["seen"], "reason": "signals only"}
    reader.post(address, apply)
    assert Webhook.objects.filter(event_types=["signal.created"]).count() == 0
    assert analyst.post(address, apply).status_code == 302
    assert Webhook.objects.filter(event_types=["signal.created"]).count() == 2
    event = webhook.history.order_by("-pgh_id").select_related("pgh_context").first()
    assert event.pgh_context.metadata["reason"] == "signals only"
    # neither address nor secret is a field of many
    sent = {**apply, "bulk_field": "url", "bulk_value-url": "https://evil.example/"}
    assert analyst.post(address, sent).context["lines"] == []
    assert not Webhook.objects.filter(url__contains="evil").exists()
