"""A thousand events through real workers: two of them killed in mid-flight, or PostgreSQL restarted in mid-run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from standardwebhooks import Webhook as Verifier

from biotech_ma.core.postgres import embedded
from tests import migrated
from tests.core.servers import temporary_place
from tests.processes import ROOT
from tests.webhook_receiver import OK, Answer, Received, Receiver

EVENTS, WORKERS, MOST_FAILURES = 1_000, 3, 3
DEADLINE_SECONDS, SETUP_SECONDS = 240, 120

START = """
import os, django
django.setup()
from django.core.management import call_command
"""
# Leases and heartbeats that run out soon, so that the test need not wait for half a minute.
WORKER = """
from delivery.webhooks import leases, signing
leases.LEASE_SECONDS = 5
signing.USER_AGENT = f"worker {os.getpid()}"
call_command("worker", "--stalled-after", "3")
"""
# Two endpoints of a company each, and one that wants neither; the signals of a transaction are told by one job.
PREPARE = """
import json
from django.db import transaction
from django.utils import timezone
from companies.models import Company
from delivery.services import create_webhook
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
made = {{}}
for ticker in ("ACME", "OTHR", "NONE"):
    hook, made[ticker] = create_webhook(
        name=ticker, url={url!r} + ticker, company_tickers=[ticker], timeout_seconds=2,
        retry_policy={{"delays": [0, 0.2, 1]}},
    )
companies = [Company.objects.create(name=ticker, ticker=ticker) for ticker in ("ACME", "OTHR")]
now = timezone.now()
with transaction.atomic():
    merge_signals([
        SignalRecord(companies[n % 2].pk, "other_event", now, now, f"event {{n}}", "test", str(n), None, {{}})
        for n in range({events})
    ])
print(json.dumps(made))
"""
RESULT = """
import json
from django.db.models import Count
from delivery.models import Webhook, WebhookDelivery
print(json.dumps({
    "deliveries": {row["status"]: row["n"] for row in
                   WebhookDelivery.objects.order_by().values("status").annotate(n=Count("*"))},
    "ids": [str(key) for key in WebhookDelivery.objects.values_list("id", flat=True)],
    "success_count": sum(Webhook.objects.values_list("success_count", flat=True)),
}))
"""


@dataclass
class Desk:
    """Processes on one database: some that do a thing and end, and workers, watched over as an init system does."""

    env: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    restarts: int = 0

    def run(self, code: str) -> Any:
        found = subprocess.run(
            [sys.executable, "-c", START + code], cwd=ROOT, env=self.env, capture_output=True, text=True,
            timeout=SETUP_SECONDS, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout.splitlines()[-1]) if found.stdout else None

    def hire(self) -> None:
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-c", START + WORKER], cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip

    def watch(self) -> None:
        """Start workers anew that ended by themselves; those that were killed stay dead."""
        for worker in [worker for worker in self.workers if worker.poll() not in (None, -signal.SIGKILL)]:
            self.workers.remove(worker)
            self.restarts += 1
            self.hire()


@contextmanager
def desk(**env: str) -> Iterator[Desk]:
    made = Desk({**os.environ, "DJANGO_SETTINGS_MODULE": "biotech_ma.settings",
                 "BIOTECH_MA_WEBHOOK_ALLOW": "127.0.0.0/8", **env})  # fmt: skip
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
        for worker in made.workers:
            worker.wait()


def failing_at_first(received: Received) -> Answer:
    """Refuse each id up to three times, as its last digit says, then take it."""
    return OK if received.turn > int(received.id[-1], 16) % (MOST_FAILURES + 1) else (500, {}, b"not now")


def wait_until(desk: Desk, condition: Callable[[], bool], what: str) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < DEADLINE_SECONDS, what
        desk.watch()
        time.sleep(0.02)


def arrived(receiver: Receiver) -> Counter[str]:
    """How often each id was taken."""
    return Counter(received.id for received in list(receiver.received) if failing_at_first(received) == OK)


def scenario(desk: Desk, disturb: Callable[[Receiver], None]) -> tuple[int, int]:
    """Send the events through the workers, disturbed; return attempts and duplicates when each has arrived."""
    receiver = Receiver(answer=failing_at_first)
    with receiver.running():
        secrets = desk.run(PREPARE.format(url=receiver.url("/"), events=EVENTS))
        for _ in range(WORKERS):
            desk.hire()
        disturb(receiver)
        wait_until(desk, lambda: len(arrived(receiver)) == EVENTS, f"{len(arrived(receiver))} of {EVENTS} arrived")
        # The last outcomes are on record a moment after they arrived.
        result: dict[str, Any] = {}
        for _ in range(20):
            result = desk.run(RESULT)
            if result["deliveries"] == {"delivered": EVENTS}:
                break
    assert result["deliveries"] == {"delivered": EVENTS}
    assert result["success_count"] >= EVENTS
    taken = arrived(receiver)
    assert set(taken) == set(result["ids"])
    titles = set()
    for received in receiver.received:
        ticker = received.path.removeprefix("/")
        event = Verifier(secrets[ticker]).verify(received.body, received.headers)
        assert event["data"]["ticker"] == ticker
        titles.add(event["data"]["title"])
    assert titles == {f"event {n}" for n in range(EVENTS)}
    return len(receiver.received), sum(taken.values()) - EVENTS


def address_of_the_test() -> str:
    """Return the address of the test's own database, for processes."""
    connection.ensure_connection()
    info = connection.connection.info
    user = f"{quote(info.user)}:{quote(info.password)}" if info.password else quote(info.user)
    return f"postgresql://{user}@/{info.dbname}?host={quote(info.host, safe='')}&port={info.port}"


@pytest.mark.django_db(transaction=True)
def test_two_of_three_workers_killed_in_mid_flight_lose_nothing(record_property, capsys):
    address = address_of_the_test()
    killed: set[int] = set()

    def kill_the_sender(receiver: Receiver, after: int) -> None:
        """Kill the worker from which the last request came, while it has others under way."""

        def in_mid_flight() -> int:
            last = int(receiver.received[-1].headers["user-agent"].split()[1]) if receiver.received else 0
            return last if len(receiver.received) > after and last not in killed else 0

        wait_until(made, lambda: bool(in_mid_flight()), f"no request above {after} of a worker that lives")
        victim = in_mid_flight()
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)

    with desk(DATABASE_URL=address) as made:

        def disturb(receiver: Receiver) -> None:
            kill_the_sender(receiver, 200)
            kill_the_sender(receiver, 800)

        attempts, duplicates = scenario(made, disturb)
        assert len(killed) == 2
        assert [worker.returncode for worker in made.workers if worker.pid in killed] == [-signal.SIGKILL] * 2
    record_property("two workers killed", f"{EVENTS} events, {attempts} attempts, duplicates: {duplicates}")
    with capsys.disabled():
        print(f"\ntwo workers killed: {EVENTS} events, {attempts} attempts, duplicates: {duplicates}")


def test_postgresql_restarted_in_mid_run_loses_nothing(django_db_blocker, record_property, capsys):
    with ExitStack() as stack:
        place: Path = stack.enter_context(temporary_place())
        with django_db_blocker.unblock():
            migrated.server(place / "postgres")
        made = stack.enter_context(desk(BIOTECH_MA_DATA_DIR=str(place), DATABASE_URL=""))

        def disturb(receiver: Receiver) -> None:
            wait_until(made, lambda: len(receiver.received) > 500, "no 500 requests")
            # Fast: every session ends in the middle of what it does.
            assert embedded.stop(place / "postgres")
            embedded.start(place / "postgres")

        attempts, duplicates = scenario(made, disturb)
    record_property("PostgreSQL restarted", f"{EVENTS} events, {attempts} attempts, duplicates: {duplicates}")
    with capsys.disabled():
        print(
            f"\nPostgreSQL restarted: {EVENTS} events, {attempts} attempts, duplicates: {duplicates}, "
            f"{made.restarts} workers started anew"
        )


# A client's endpoint that refuses at first, and the desk's own: what was refused waits for a second attempt.
OF_A_CLIENT = """
import json
from django.utils import timezone
from companies.models import Company
from delivery.services import create_webhook, issue_client
from signals_app.services import record_signal
client, _ = issue_client(client_name="Fund")
for name, owner in (("own", client), ("desk", None)):
    create_webhook(name=name, url={url!r} + name, client=owner, retry_policy={{"delays": [2]}})
for title in ("one", "two"):
    record_signal(company=Company.objects.create(name=title), signal_type="other_event",
                  event_date=timezone.now(), title=title)
"""
REVOKE = """
import json
from delivery.models import Client, WebhookDelivery
from delivery.services import revoke_client
revoke_client(client=Client.objects.get())
print(json.dumps([*WebhookDelivery.objects.filter(webhook__name="own").values_list("status", "error")]))
"""
TELL_MORE = """
from django.utils import timezone
from companies.models import Company
from signals_app.services import record_signal
record_signal(company=Company.objects.first(), signal_type="other_event", event_date=timezone.now(), title="three")
"""
GIVE_ANEW = """
from delivery.models import Client, WebhookDelivery
from delivery.services import replay_deliveries
Client.objects.update(is_active=True)
replay_deliveries(deliveries=WebhookDelivery.objects.filter(webhook__name="own"))
"""


@pytest.mark.django_db(transaction=True)
def test_a_revoked_client_gets_nothing_from_then_on_and_all_of_it_once_the_key_is_given_anew():
    address = address_of_the_test()
    given: list[bool] = []
    receiver = Receiver(answer=lambda received: OK if received.path == "/desk" or given else (500, {}, b"not now"))

    def to(path: str) -> int:
        return sum(received.path == path for received in list(receiver.received))

    with receiver.running(), desk(DATABASE_URL=address) as made:
        made.run(OF_A_CLIENT.format(url=receiver.url("/")))
        made.hire()
        wait_until(made, lambda: (to("/own"), to("/desk")) == (2, 2), "the first attempts")
        for worker in made.workers:
            os.kill(worker.pid, signal.SIGTERM)
            worker.wait()
        made.workers.clear()
        revoked = made.run(REVOKE)
        assert [status for status, _ in revoked] == ["failed", "failed"]
        assert all(error.startswith("Cancelled: ") for _, error in revoked)
        refused = to("/own")
        made.hire()
        made.run(TELL_MORE)
        wait_until(made, lambda: to("/desk") == 3, "what is told after the key was revoked")
        assert to("/own") == refused
        given.append(True)
        made.run(GIVE_ANEW)
        wait_until(made, lambda: to("/own") == refused + 2, "what was cancelled")
    ids = [received.id for received in receiver.received if received.path == "/own"]
    assert set(ids[-2:]) == set(ids[:-2])
