"""Keys are shown once and kept as digests; counters lose no update; secrets rotate."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from biotech_ma.core.services import Refused, archive, restore
from delivery.api.auth import call_with
from delivery.leases import Leases
from delivery.models import Alert, AlertTrigger, Client, Webhook
from delivery.services import (
    create_webhook,
    issue_client,
    record_alert_trigger,
    revoke_client,
    rotate_client_key,
    rotate_webhook_secret,
    validate_scopes,
)
from delivery.services.clients import digest_of
from tests.concurrency import together

pytestmark = pytest.mark.django_db


def webhook(**fields) -> Webhook:
    return create_webhook(name="Desk", url="https://example.org/hook", **fields)[0]


def test_issue_client_keeps_the_digest_and_never_the_key():
    client, key = issue_client(client_name="Fund", scopes=["read"])
    assert re.fullmatch(r"bma_[0-9a-f]{8}_[0-9a-f]{64}", key)
    assert key.startswith(f"bma_{client.key_prefix}_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM clients AS c WHERE id = %s", [client.pk])
        stored = cursor.fetchone()[0]
    assert hashlib.sha256(key.encode()).hexdigest() in stored
    assert key.rsplit("_", 1)[1] not in stored


def test_issue_client_default_is_reading_only():
    client, _ = issue_client(client_name="Fund")
    client.refresh_from_db()
    assert (client.scopes, client.is_active, client.rate_limit_per_hour) == (["read"], True, 10_000)


def holder_of(key: str) -> str | None:
    """The name of the client that a call with this key finds, as a worker that has never seen it."""
    call = Leases().call(digest_of(key))
    return call.holder.name if call else None


def test_a_key_finds_its_client_and_no_other_key_does():
    client, key = issue_client(client_name="Fund")
    _, other = issue_client(client_name="Other")
    assert holder_of(key) == "Fund"
    assert holder_of(other) == "Other"
    assert holder_of(key[:-1] + ("0" if key[-1] != "0" else "1")) is None
    assert holder_of(f"bma_{client.key_prefix}_{other.rsplit('_', 1)[1]}") is None


@pytest.mark.parametrize(
    "text", ["", "bma_", "bma_00000000_short", "x" * 1_000_000, "bma_0000000g_" + "0" * 64, "\x00"]
)
def test_what_is_no_key_costs_no_query(django_assert_num_queries, text):
    with django_assert_num_queries(0):
        assert call_with(text) is None


def test_the_key_of_a_revoked_expired_or_archived_client_finds_nobody():
    for stop in (
        lambda client: revoke_client(client=client),
        lambda client: archive(row=client),
        lambda client: Client.objects.filter(pk=client.pk).update(expires_at=timezone.now()),
    ):
        client, key = issue_client(client_name="Fund")
        assert holder_of(key) == "Fund"
        stop(client)
        assert holder_of(key) is None


def test_a_rotated_key_works_on_for_its_overlap_and_no_longer():
    client, first = issue_client(client_name="Fund")
    second = rotate_client_key(client=client, overlap=dt.timedelta(hours=24))
    assert (holder_of(first), holder_of(second)) == ("Fund", "Fund")
    assert Leases().call(digest_of(first)).holder.key_prefix == first.split("_")[1]
    Client.objects.update(previous_key_until=timezone.now() - dt.timedelta(seconds=1))
    assert (holder_of(first), holder_of(second)) == (None, "Fund")


def test_a_second_rotation_ends_the_overlap_of_the_first():
    client, first = issue_client(client_name="Fund")
    second = rotate_client_key(client=client, overlap=dt.timedelta(hours=24))
    third = rotate_client_key(client=client, overlap=dt.timedelta(hours=1))
    assert (holder_of(first), holder_of(second), holder_of(third)) == (None, "Fund", "Fund")
    fourth = rotate_client_key(client=client)
    assert (holder_of(second), holder_of(third), holder_of(fourth)) == (None, None, "Fund")


def test_revoking_ends_the_overlapping_key_for_good():
    client, first = issue_client(client_name="Fund")
    second = rotate_client_key(client=client, overlap=dt.timedelta(hours=24))
    revoke_client(client=client)
    assert (holder_of(first), holder_of(second)) == (None, None)
    Client.objects.update(is_active=True)
    assert (holder_of(first), holder_of(second)) == (None, "Fund")


@pytest.mark.parametrize("overlap", [dt.timedelta(seconds=-1), dt.timedelta(days=31)])
def test_an_overlap_that_cannot_be_is_refused(overlap):
    client, key = issue_client(client_name="Fund")
    with pytest.raises(ValueError, match="between 0 and 30 days"):
        rotate_client_key(client=client, overlap=overlap)
    assert holder_of(key) == "Fund"


def test_rotate_client_key_kills_the_old_key_at_once():
    client, old = issue_client(client_name="Fund")
    new = rotate_client_key(client=client)
    assert new != old
    assert (holder_of(old), holder_of(new)) == (None, "Fund")
    assert new.startswith(f"bma_{client.key_prefix}_")


@pytest.mark.parametrize("stop", [lambda c: revoke_client(client=c), lambda c: archive(row=c)])
def test_rotate_client_key_that_could_not_work_is_refused(stop):
    client, _ = issue_client(client_name="Fund")
    stop(client)
    with pytest.raises(Refused, match="would not work"):
        rotate_client_key(client=client)


def test_revoke_client_twice_changes_nothing_and_says_so():
    client, _ = issue_client(client_name="Fund")
    assert revoke_client(client=client, reason="left").changed
    assert not client.is_active
    outcome = revoke_client(client=client)
    assert not outcome.changed
    assert "already" in outcome.message
    event = apps.get_model("delivery", "ClientEvent").objects.filter(pgh_obj_id=client.pk).latest("pgh_id")
    assert event.pgh_context.metadata == {"action": "revoke client", "reason": "left"}


@pytest.mark.parametrize("scope", ["write:companys", "Read", "", "write:*", "write:scores", "root"])
def test_unknown_scope_is_refused_by_the_service_and_by_the_table(scope):
    with pytest.raises(ValidationError, match="unknown scope"):
        validate_scopes(["read", scope])
    with pytest.raises(ValidationError) as refusal:
        issue_client(client_name="Fund", scopes=[scope])
    assert "scopes" in refusal.value.message_dict


def test_scopes_without_doubles_in_order():
    assert validate_scopes(["admin", "read", "admin", "write:signals"]) == ["admin", "read", "write:signals"]


def test_create_webhook_shows_its_secret_once_and_encrypts_it():
    hook, secret = create_webhook(name="Desk", url="https://example.org/hook", event_types=["ping"])
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert Webhook.objects.get(pk=hook.pk).secret == secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(w)::text FROM webhooks AS w")
        assert secret.removeprefix("whsec_") not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org/"},
        {"url": "https://user:word@example.org/"},
        {"event_types": ["score"]},
        {"min_score": 101},
        {"timeout_seconds": 0},
    ],
)
def test_create_webhook_wrong_value_is_a_validation_error(wrong):
    with pytest.raises(ValidationError):
        create_webhook(**{"name": "Desk", "url": "https://example.org/", **wrong})
    assert not Webhook.objects.exists()


def test_rotate_webhook_secret_keeps_the_former_one_for_a_while():
    hook, old = create_webhook(name="Desk", url="https://example.org/hook")
    new = rotate_webhook_secret(webhook=hook, overlap=dt.timedelta(hours=2))
    hook = Webhook.objects.get(pk=hook.pk)
    assert (hook.secret, hook.previous_secret) == (new, old)
    assert new != old
    assert abs(hook.previous_secret_until - timezone.now() - dt.timedelta(hours=2)) < dt.timedelta(minutes=1)


def test_alert_trigger_counts_and_the_same_cause_counts_once():
    alert = Alert.objects.create(name="Watch", alert_type="custom")
    trigger = record_alert_trigger(alert=alert, cause="signal:1", reason="It happened", details={"score": 80})
    assert record_alert_trigger(alert=alert, cause="signal:1", reason="Again") is None
    assert record_alert_trigger(alert=alert, cause="signal:2", reason="Another") is not None
    alert.refresh_from_db()
    assert alert.trigger_count == 2
    assert alert.last_triggered == AlertTrigger.objects.get(cause="signal:2").triggered_at
    assert trigger.details == {"score": 80}


def test_alert_trigger_never_moves_the_last_time_back():
    tomorrow = timezone.now() + dt.timedelta(days=1)
    alert = Alert.objects.create(name="Watch", alert_type="custom", last_triggered=tomorrow)
    record_alert_trigger(alert=alert, cause="1", reason="Now")
    assert Alert.objects.get().last_triggered == tomorrow


def test_archive_and_restore_of_a_webhook_go_the_plain_way():
    hook = webhook()
    assert archive(row=hook).changed
    assert not Webhook.objects.exists()
    assert not archive(row=hook).changed
    assert restore(row=hook).changed
    assert Webhook.objects.get() == hook
    assert not restore(row=hook).changed


@pytest.mark.django_db(transaction=True)
def test_counters_lose_no_update_among_workers():
    alert = Alert.objects.create(name="Watch", alert_type="custom")

    def worker(number: int) -> None:
        for turn in range(10):
            record_alert_trigger(alert=alert, cause=f"{number}:{turn}", reason="x")
            record_alert_trigger(alert=alert, cause=f"shared:{turn}", reason="x")

    assert together(*[lambda n=n: worker(n) for n in range(4)]) == [None] * 4
    alert.refresh_from_db()
    assert alert.trigger_count == AlertTrigger.objects.count() == 50
