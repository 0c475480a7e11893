"""Webhooks over REST: ping, deliveries, replay, secrets; refusals that say what to do."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from delivery.models import Webhook, WebhookDelivery
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

SECRET = "whsec_" + "QUJD" * 8


def delivery(universe, **fields) -> WebhookDelivery:
    WebhookDelivery.objects.filter(webhook=universe.webhook).update(**{"status": "failed", **fields})
    return WebhookDelivery.objects.get(webhook=universe.webhook)


def test_a_ping_is_accepted_with_the_delivery_to_follow(admin, universe):
    answer = admin.post(f"webhooks/{universe.webhook.pk}/ping/")
    assert answer.status == 202
    assert (answer.json["event_type"], answer.json["status"], answer.json["attempts"]) == ("ping", "pending", 0)
    found = admin.get(f"webhooks/deliveries/{answer.json['id']}/", include="body").json
    assert json.loads(found["body"])["data"]["webhook_id"] == str(universe.webhook.pk)
    assert ProcrastinateJob.objects.filter(queue_name="webhooks").count() == 1


def test_a_delivery_is_replayed(admin, universe):
    row = delivery(universe, attempts=8, next_attempt_at=None)
    answer = admin.post(f"webhooks/deliveries/{row.pk}/replay/")
    assert (answer.status, answer.json["id"], answer.json["status"]) == (202, str(row.pk), "pending")
    assert (answer.json["attempts"], answer.json["event_id"]) == (0, row.event_id)


def test_a_replay_of_an_endpoint_that_is_off_is_a_conflict_in_words(admin, universe):
    row = delivery(universe)
    Webhook.objects.update(is_active=False)
    for path in (f"webhooks/deliveries/{row.pk}/replay/", f"webhooks/{universe.webhook.pk}/replay/"):
        answer = admin.post(path, {"since": "2020-01-01T00:00:00Z"} if "deliveries" not in path else None)
        answer.is_problem(409)
        assert "switch it on first" in answer.json["detail"]


def test_a_period_is_replayed(admin, universe):
    row = delivery(universe)
    path, hour = f"webhooks/{universe.webhook.pk}/replay/", dt.timedelta(hours=1)
    before, after = (row.created_at - hour).isoformat(), (row.created_at + hour).isoformat()
    assert admin.post(path, {"since": after}).json == {"queued": 0}
    assert admin.post(path, {"since": before, "status": ["delivered"]}).json == {"queued": 0}
    answer = admin.post(path, {"since": before, "until": after, "status": ["failed"]})
    assert (answer.status, answer.json) == (202, {"queued": 1})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"since": "2026-01-02T00:00:00Z", "status": ["lost"]}, "status[0]"),
        ({"since": "2026-01-02T00:00:00Z", "from": 1}, "from"),
    ],
)
def test_a_period_that_is_none_is_refused_by_field(admin, universe, body, field):
    answer = admin.post(f"webhooks/{universe.webhook.pk}/replay/", body)
    answer.is_problem(400)
    assert field in answer.fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://user:word@example.com/"}, "url"),
        ({"url": "gopher://example.com/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "url"),
        ({"url": "http://0x7f.1/"}, "url"),
        ({"event_types": ["signal.deleted"]}, "event_types[0]"),
        ({"secret": "whsec_c2hvcnQ="}, "secret"),
        ({"retry_policy": {"delays": ["soon"]}}, "retry_policy"),
        ({"retry_policy": {"delays": [1e309]}}, "retry_policy"),
    ],
)
def test_what_cannot_work_is_refused_by_field(admin, universe, body, field):
    text = json.dumps({"name": "Desk", "url": "https://example.com/in", **body}).replace("Infinity", "1e309")
    answer = admin.post("webhooks/", text.encode())
    answer.is_problem(400)
    assert any(name.startswith(field) for name in answer.fields) or "1e309" in text
    assert Webhook.objects.count() == 1


def test_a_secret_of_one_s_own_is_taken_shown_once_and_rotated_not_written(admin, universe):
    made = admin.post("webhooks/", {"name": "Desk", "url": "https://example.com/in", "secret": SECRET})
    assert made.json["secret"] == SECRET
    path = f"webhooks/{made.json['id']}/"
    assert "secret" not in admin.get(path).json
    refused = admin.patch(path, {"secret": "whsec_" + "REVG" * 8})
    refused.is_problem(400)
    assert "rotate-secret" in refused.text
    admin.post(f"{path}rotate-secret/", {"secret": SECRET}).is_problem(409)
    admin.post(f"{path}rotate-secret/", {"secret": "whsec_AAAA"}).is_problem(400)
    rotated = admin.post(f"{path}rotate-secret/", {"secret": "whsec_" + "REVG" * 8})
    assert rotated.json["secret"] == "whsec_" + "REVG" * 8
    assert rotated.headers["Cache-Control"] == "no-store"
    assert admin.get(path).json["previous_secret_until"] is not None


def test_deliveries_are_listed_by_state_and_time(admin, universe):
    row = delivery(universe)
    path = f"webhooks/{universe.webhook.pk}/deliveries/"
    assert [found["id"] for found in admin.rows(path, status="failed", since="2026-01-01")] == [str(row.pk)]
    assert admin.rows(path, until="2020-01-01") == []
    assert admin.rows(path, status="pending") == []


def test_replay_and_ping_take_the_scope_of_webhooks(universe):
    row, writer = delivery(universe), caller("write:webhooks")
    Webhook.objects.update(client=writer.client)
    for path in (f"webhooks/{universe.webhook.pk}/ping/", f"webhooks/deliveries/{row.pk}/replay/"):
        caller("read").post(path).is_problem(403)
        assert writer.post(path).status == 202


def test_deliveries_of_an_archived_webhook_are_not_there(admin, universe):
    row = delivery(universe)
    admin.delete(f"webhooks/{universe.webhook.pk}/")
    admin.get(f"webhooks/deliveries/{row.pk}/").is_problem(404)
    admin.post(f"webhooks/deliveries/{row.pk}/replay/").is_problem(404)
    admin.post(f"webhooks/{universe.webhook.pk}/ping/").is_problem(404)
