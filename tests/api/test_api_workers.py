"""Four worker processes share one hourly limit exactly; a revoked key is dead on each of them within a second.

What is committed is read on each of them at once.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from urllib.parse import quote

import pytest
from django.db import connection

from delivery.services import issue_client, revoke_client
from tests.factories import CompanyFactory, SignalFactory
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS, CONNECTIONS, LIMIT = 4, 50, 1000
START_SECONDS, DEADLINE_SECONDS = 60, 120


@pytest.fixture
def port() -> Iterator[int]:
    """The port of granian with four workers on the test's database."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    connection.ensure_connection()
    server = connection.connection.info
    user = f"{quote(server.user)}:{quote(server.password)}" if server.password else quote(server.user)
    address = f"postgresql://{user}@/{server.dbname}?host={quote(server.host, safe='')}&port={server.port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(WORKERS), "--blocking-threads", "2",
         "--port", str(number), "biotech_ma.wsgi:application"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": address}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        process_group=0,
    )  # fmt: skip
    try:
        started = time.monotonic()
        while not _is_up(number):
            assert time.monotonic() - started < START_SECONDS, "the server does not start"
            time.sleep(0.2)
        yield number
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _is_up(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
            asked.request("GET", "/livez")
            return asked.getresponse().status == 200
    except OSError:
        return False


def knock(port: int, key: str, *, calls: int) -> Counter[int]:
    """Call so often over one connection; return the answers by status."""
    answers: Counter[int] = Counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asked:
        for _ in range(calls):
            asked.request("GET", "/api/v1/clients/me/", headers={"X-API-Key": key})
            answer = asked.getresponse()
            answer.read()
            answers[answer.status] += 1
    return answers


def test_four_workers_and_fifty_connections_admit_exactly_the_limit(port):
    _, key = issue_client(client_name="Fund", rate_limit_per_hour=LIMIT)
    if 3600 - time.time() % 3600 < DEADLINE_SECONDS:
        pytest.skip("the hour is about to turn, and with it the limit")
    total: Counter[int] = Counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        # 1,300 calls, then 50 more at a time for as long as a worker still gives up what it held.
        for calls in (26, 1, 1, 1):
            for answers in pool.map(lambda _, calls=calls: knock(port, key, calls=calls), range(CONNECTIONS)):
                total += answers
    assert total[200] == LIMIT
    assert set(total) == {200, 429}
    assert total[429] == CONNECTIONS * 29 - LIMIT


def test_a_committed_write_is_seen_by_the_next_read_on_every_worker(port):
    _, key = issue_client(client_name="Fund", rate_limit_per_hour=100_000)
    company = CompanyFactory()
    with ExitStack() as stack:
        callers = [
            stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)))
            for _ in range(CONNECTIONS)
        ]

        def titles(caller: http.client.HTTPConnection) -> set[str]:
            caller.request("GET", "/api/v1/signals/?limit=5&fields=title", headers={"X-API-Key": key})
            return {row["title"] for row in json.loads(caller.getresponse().read())["results"]}

        for place in range(6):
            # Each worker has the page in memory before it changes.
            assert all(f"Number {place}" not in titles(caller) for _ in range(2) for caller in callers)
            SignalFactory(company=company, title=f"Number {place}", event_date=f"2025-06-01T12:00:0{place}Z")
            assert all(f"Number {place}" in titles(caller) for caller in callers)


def test_a_revoked_key_is_dead_on_every_worker_within_a_second(port):
    client, key = issue_client(client_name="Fund", rate_limit_per_hour=100_000)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for answers in pool.map(lambda _: knock(port, key, calls=4), range(CONNECTIONS)):
            assert answers == {200: 4}
        revoke_client(client=client)
        revoked = time.monotonic()
        while time.monotonic() - revoked < 1:
            knock(port, key, calls=1)
        for answers in pool.map(lambda _: knock(port, key, calls=2), range(CONNECTIONS)):
            assert answers == {401: 2}
