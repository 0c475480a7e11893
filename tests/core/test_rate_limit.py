"""The limit of requests to a host holds for all processes together."""

from __future__ import annotations

import time
from bisect import bisect_left
from contextlib import ExitStack

import pytest
from django.db import transaction

from biotech_ma.core.rate_limit import RequestSlot, hold_back, wait_for_slot
from tests.processes import python
from tests.source_server import reply, running

PER_SECOND = 10
PROCESSES, SECONDS = 4, 4

ASK = """
import tempfile, time
from pathlib import Path
from biotech_ma.core.http import Body, Client
from biotech_ma.core.rate_limit import wait_for_slot
print("ready", flush=True)
ends = time.monotonic() + {seconds}
with tempfile.TemporaryDirectory() as folder, Client(
    user_agent="x", folder=Path(folder), pace=lambda host: wait_for_slot(host, {per_second})
) as client:
    while time.monotonic() < ends:
        client.get({url!r}, body=Body.JSON).path.unlink()
"""


def most_in_a_second(moments: list[float]) -> int:
    """Return how many fall into the fullest window of one second."""
    return max(bisect_left(moments, start + 1) - index for index, start in enumerate(moments))


@pytest.mark.django_db(transaction=True)
def test_four_processes_stay_within_the_limit():
    with running() as server, ExitStack() as stack:
        server.at("/a", reply("[1]"))
        code = ASK.format(seconds=SECONDS, per_second=PER_SECOND, url=f"{server.url}/a")
        processes = [stack.enter_context(python(code)) for _ in range(PROCESSES)]
        errors = [process.communicate(timeout=60)[1] for process in processes]
        moments = sorted(seen.at for seen in server.seen)
    assert [process.returncode for process in processes] == [0] * PROCESSES, errors
    assert most_in_a_second(moments) <= PER_SECOND
    rate = (len(moments) - 1) / (moments[-1] - moments[0])
    print(f"{rate:.2f} requests a second, at most {most_in_a_second(moments)} in one")
    assert rate > PER_SECOND * 0.6


@pytest.mark.django_db(transaction=True)
def test_an_idle_host_saves_no_slots_up():
    waits: list[float] = []
    wait_for_slot("example.org", 10, sleep=waits.append)
    RequestSlot.objects.update(next_at="2020-01-01 00:00Z")
    for _ in range(2):
        wait_for_slot("example.org", 10, sleep=waits.append)
    assert waits[:2] == [0, 0]
    assert 0.05 < waits[2] <= 1 / 9
    wait_for_slot("example.com", 10, sleep=waits.append)
    assert waits[3] == 0


@pytest.mark.django_db(transaction=True)
def test_a_slot_that_was_slept_through_is_given_up():
    overslept = iter([0.2, 0.0])
    wait_for_slot("example.org", 10, sleep=lambda seconds: time.sleep(next(overslept)))
    assert next(overslept, None) is None


@pytest.mark.django_db(transaction=True)
def test_a_host_that_asked_one_to_wait_is_left_alone_by_all():
    waits: list[float] = []
    hold_back("example.org", 30)
    hold_back("example.org", 5)
    for host in ("example.org", "example.com"):
        wait_for_slot(host, 10, sleep=waits.append)
    assert 29 < waits[0] <= 30
    assert waits[1] == 0


@pytest.mark.django_db(transaction=True)
def test_waiting_inside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        wait_for_slot("example.org", 10)
