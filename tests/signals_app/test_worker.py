"""The worker as a real process: stopped, killed, raced, and its job brought back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.job_failures import JobFailure, forget_failures
from signals_app import jobs
from signals_app.models import IngestRun
from tests.processes import python
from tests.source_server import reply, running

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_SECONDS = 40
STALLED_SECONDS = 3

# A run that notes its start, takes its time, and notes its end; told to stop, it stops at its next step.
WORK = """
import logging, time
from pathlib import Path
from django.core.management import call_command
from signals_app import jobs
from signals_app.ingest.base import Outcome

def perform(source, request, progress):
    note = Path({notes!r})
    with note.open("a") as file:
        file.write("started {name}\\n")
    for _ in range({steps}):
        progress("step")
        time.sleep(0.05)
    with note.open("a") as file:
        file.write("done {name}\\n")
    return Outcome(source)

jobs.perform = perform
call_command("worker", *{arguments!r})
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.touch()
    return path


def worker(notes: Path, name: str, *arguments: str, steps: int = 0):
    return python(WORK.format(notes=str(notes), name=name, steps=steps, arguments=arguments))


def wait_for(notes: Path, line: str) -> float:
    """Return how long it took until the line was there."""
    started = time.monotonic()
    while line not in notes.read_text().splitlines():
        assert time.monotonic() - started < WAIT_SECONDS, notes.read_text()
        time.sleep(0.05)
    return time.monotonic() - started


def ended(process: subprocess.Popen[str]) -> int:
    _, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode is not None, errors
    return process.returncode


def ingest_jobs() -> list[tuple[str, int]]:
    found = ProcrastinateJob.objects.filter(task_name="signals_app.jobs.ingest").order_by("id")
    return [(job.status, job.attempts) for job in found]


def test_job_of_a_killed_worker_is_done_by_another(notes):
    jobs.queue_ingest("clinicaltrials")
    with worker(notes, "first", "--stalled-after", str(STALLED_SECONDS), steps=10_000) as first:
        wait_for(notes, "started first")
        with worker(notes, "second", "--stalled-after", str(STALLED_SECONDS)) as second:
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            took = wait_for(notes, "done second")
            second.send_signal(signal.SIGTERM)
            assert ended(second) == 0
    print(f"brought back {took:.1f} s after the kill")
    assert notes.read_text().split("\n")[:-1] == ["started first", "started second", "done second"]
    assert ingest_jobs() == []


def test_told_to_stop_it_lets_the_job_end(notes):
    jobs.queue_ingest("clinicaltrials")
    with worker(notes, "only", steps=20) as process:
        wait_for(notes, "started only")
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
    assert "done only" in notes.read_text()
    assert ingest_jobs() == []


def test_told_to_stop_it_gives_a_long_job_back(notes):
    jobs.queue_ingest("clinicaltrials")
    with worker(notes, "only", "--stop-after", "0.5", steps=10_000) as process:
        wait_for(notes, "started only")
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
    assert "done only" not in notes.read_text()
    assert ingest_jobs() == [("todo", 1)]


FOLLOWED = """
import time
from django.core.management import call_command
from signals_app import jobs
from signals_app.ingest.base import Outcome

def perform(source, request, progress):
    for _ in range(30):
        progress("step")
        time.sleep(0.05)
    if source == "clinicaltrials":
        jobs.queue_ingest("drugsfda")
    return Outcome(source)

jobs.perform = perform
call_command("worker", "--once", "--queue", "ingest", "--stop-after", "0.1")
"""


def test_once_runs_what_the_last_job_queued_and_stops_no_job_on_the_way():
    jobs.queue_ingest("clinicaltrials")
    with python(FOLLOWED) as process:
        assert ended(process) == 0
    assert ingest_jobs() == []


FAILS = """
from django.core.management import call_command
from signals_app import jobs

def perform(source, request, progress):
    raise ValueError("the source is down\\nand more that nobody wants in a list")

jobs.perform = perform
call_command("worker", "--once", "--queue", "ingest")
"""


def test_why_an_attempt_failed_is_kept_until_its_job_is_gone():
    jobs.queue_ingest("clinicaltrials")
    with python(FAILS) as process:
        assert ended(process) == 0
    [job] = ProcrastinateJob.objects.filter(task_name="signals_app.jobs.ingest")
    assert (job.status, job.attempts) == ("todo", 1)
    [failure] = JobFailure.objects.all()
    assert (failure.job_id, failure.reason) == (job.pk, "ValueError: the source is down")
    assert forget_failures() == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert forget_failures() == 1


def test_two_workers_do_a_job_once(notes):
    for source in ("clinicaltrials", "drugsfda", "orangebook"):
        jobs.queue_ingest(source)
    with worker(notes, "a", "--once", steps=2) as first, worker(notes, "b", "--once", steps=2) as second:
        assert [ended(first), ended(second)] == [0, 0]
    assert len([line for line in notes.read_text().splitlines() if line.startswith("done")]) == 3
    assert ingest_jobs() == []


def test_queued_source_is_fetched_and_read(tmp_path):
    jobs.queue_ingest("edgar-tickers")
    code = "from django.core.management import call_command; call_command('worker', '--once')"
    with running() as server:
        server.at("/files/company_tickers.json", reply('{"0": {"cik_str": 1, "ticker": "AAA", "title": "Acme"}}'))
        bases = {"edgar": server.url, "edgar-data": server.url}
        with python(code, bases=bases, raw=tmp_path / "raw") as process:
            _, errors = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, errors
        assert len(server.seen) == 1
    run = IngestRun.objects.get()
    assert (run.source, run.error, run.counts["read"]) == ("edgar-tickers", "", 1)


def doing(attempts: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = %s", [attempts])


def test_job_that_kills_every_worker_is_given_up():
    jobs.queue_ingest("clinicaltrials")
    doing(jobs.MOST_ATTEMPTS)
    assert async_to_sync(jobs.bring_back)() == 0
    assert ingest_jobs() == [("failed", jobs.MOST_ATTEMPTS + 1)]


def test_stalled_job_whose_successor_waits_is_given_up():
    jobs.queue_ingest("clinicaltrials")
    doing(0)
    assert jobs.queue_ingest("clinicaltrials")
    assert async_to_sync(jobs.bring_back)() == 0
    assert [status for status, _ in ingest_jobs()] == ["failed", "todo"]
