"""The hourly limit is exact over workers, cheap in each, and a revoked key is dead within a second."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.leases import FRESH_SECONDS, IDLE_SECONDS, KEEPER_SECONDS, MOST_CALLS_A_LEASE, Leases
from delivery.models import Client, ClientUsage
from delivery.services import issue_client, revoke_client
from delivery.services.clients import digest_of
from delivery.usage import forget_old_usage, usage_by_day
from tests.concurrency import together

pytestmark = pytest.mark.django_db

FOR_EVER = 3600.0


def key(limit: int = 10_000) -> str:
    _, made = issue_client(client_name="Fund", rate_limit_per_hour=limit)
    return digest_of(made)


def spent() -> int:
    return ClientUsage.objects.get().requests


def test_a_worker_asks_for_blocks_that_grow_with_the_pace_of_the_key():
    worker, digest = Leases(fresh_seconds=FOR_EVER), key(100_000)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        admitted = [worker.call(digest).is_admitted for _ in range(1000)]
    leases = [query for query in asked if "INSERT INTO client_usage" in query["sql"]]
    # Blocks of 1, 2, 4, … 256, 256, …: 511 calls in nine, the other 489 in two.
    assert all(admitted)
    assert len(leases) == 11
    assert spent() == 511 + 2 * MOST_CALLS_A_LEASE


def test_a_block_is_at_most_a_sixteenth_of_what_is_left():
    greedy, digest = Leases(fresh_seconds=FOR_EVER), key(160)
    for _ in range(100):
        greedy.call(digest)
    # The last block was leased when at most 160 - 90 were left: no more than 5 calls lie unspent.
    assert 100 <= spent() <= 105


@pytest.mark.parametrize("limit", [1, 7, 16, 17, 100])
def test_two_workers_together_admit_exactly_the_limit(limit):
    workers, digest = [Leases(fresh_seconds=FOR_EVER) for _ in range(2)], key(limit)
    calls = [workers[turn % 2].call(digest) for turn in range(2 * limit + 40)]
    assert sum(call.is_admitted for call in calls) == limit
    assert spent() == limit
    assert calls[-1].left == 0
    assert 0 < calls[-1].reset_seconds <= 3600


def test_what_a_silent_worker_holds_comes_back_and_is_admitted_elsewhere():
    silent, other, digest = Leases(fresh_seconds=FOR_EVER), Leases(fresh_seconds=0), key(64)
    for _ in range(5):  # blocks of 1, 2 and 4 (a sixteenth of 61): two calls lie unspent
        silent.call(digest)
    assert spent() == 7
    assert silent.give_back_idle(idle_seconds=FOR_EVER) == 0
    assert silent.give_back_idle(idle_seconds=0) == 2
    assert spent() == 5
    assert sum(other.call(digest).is_admitted for _ in range(80)) == 59
    # It holds nothing any more and must ask: there is nothing left.
    assert not silent.call(digest).is_admitted


def test_the_answer_goes_stale_and_unspent_calls_go_back_with_the_next_question():
    worker, digest = Leases(fresh_seconds=FOR_EVER), key(1000)
    for _ in range(4):
        worker.call(digest)
    assert spent() == 7
    worker.fresh_seconds = 0
    worker.call(digest)
    assert spent() == 5


def test_a_spent_hour_is_not_asked_for_at_every_call(django_assert_num_queries):
    worker, digest = Leases(fresh_seconds=FOR_EVER), key(1)
    assert worker.call(digest).is_admitted
    with django_assert_num_queries(0):
        assert not any(worker.call(digest).is_admitted for _ in range(20))


def test_a_new_hour_starts_anew():
    worker, digest = Leases(fresh_seconds=0), key(1)
    assert [worker.call(digest).is_admitted for _ in range(2)] == [True, False]
    ClientUsage.objects.update(hour=timezone.now() - dt.timedelta(hours=1))
    assert worker.call(digest).is_admitted


@pytest.mark.django_db(transaction=True)
def test_threads_of_two_workers_admit_exactly_the_limit():
    workers, digest = [Leases(fresh_seconds=FOR_EVER) for _ in range(2)], key(50)
    rounds = together(*[lambda w=worker: [w.call(digest).is_admitted for _ in range(30)] for worker in workers * 2])
    assert sum(map(sum, rounds)) == 50
    assert spent() == 50


def test_a_key_that_was_known_is_dead_as_soon_as_the_answer_is_stale():
    client, made = issue_client(client_name="Fund")
    here, there, digest = Leases(fresh_seconds=FOR_EVER), Leases(fresh_seconds=FOR_EVER), digest_of(made)
    assert here.call(digest).holder.name == there.call(digest).holder.name == "Fund"
    revoke_client(client=client)
    here.forget(digest)
    assert here.call(digest) is None
    there.fresh_seconds = 0
    assert there.call(digest) is None
    Client.objects.update(is_active=True)
    assert there.call(digest).is_admitted


def test_stale_and_idle_times_keep_the_promise_of_a_second():
    assert FRESH_SECONDS < 1
    assert IDLE_SECONDS + KEEPER_SECONDS < 1
    assert FRESH_SECONDS <= IDLE_SECONDS


def test_a_crowd_of_unknown_keys_leaves_nothing_behind():
    worker = Leases(fresh_seconds=FOR_EVER)
    assert all(worker.call(digest_of(f"bma_{n}")) is None for n in range(20))
    assert not worker._leases


def test_usage_by_day_adds_up_hours_of_the_utc_day():
    client, _ = issue_client(client_name="Fund")
    other, _ = issue_client(client_name="Other")
    today = timezone.now().astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for of, hours, calls in ((client, 0, 3), (client, -1, 4), (client, -24, 5), (client, -401 * 24, 9), (other, 0, 70)):
        ClientUsage.objects.create(client=of, hour=today + dt.timedelta(hours=hours), requests=calls)
    yesterday = today.date() - dt.timedelta(days=1)
    assert usage_by_day(client.pk) == [(today.date(), 3), (yesterday, 9)]
    assert forget_old_usage() == 1
    assert ClientUsage.objects.count() == 4
