"""What is due when, in New York's time, and which source has gone silent."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client as HTTPClient
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from signals_app import jobs, schedule
from signals_app.ingest.base import Request
from signals_app.models import IngestCursor
from signals_app.runs import recorded_run
from signals_app.schedule import ENABLED, FRESH, SLOT, Entry, freshness, mark
from tests.signals_app.live_sources import ingest, sources, stub
from tests.source_server import reply

pytestmark = pytest.mark.django_db
__all__ = ["sources", "stub"]

DAILY = Entry("clinicaltrials", "0 5 * * *")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def printed() -> dict[str, dict[str, object]]:
    out = io.StringIO()
    call_command("schedule", "--json", stdout=out)
    return {row["source"]: row for row in json.loads(out.getvalue())["schedule"]}


@pytest.fixture
def only_trials(settings):
    settings.INGEST_SCHEDULE = {"clinicaltrials": "0 5 * * *"}


def queued() -> list[dict[str, str]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name="signals_app.jobs.ingest").order_by("id")]


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-01-05T12:00:00+00:00", "2026-01-05T10:00:00+00:00", "2026-01-06T10:00:00+00:00"),
        ("2026-07-05T12:00:00+00:00", "2026-07-05T09:00:00+00:00", "2026-07-06T09:00:00+00:00"),
        ("2026-01-05T10:00:00+00:00", "2026-01-05T10:00:00+00:00", "2026-01-06T10:00:00+00:00"),
        ("2026-01-05T09:59:59+00:00", "2026-01-04T10:00:00+00:00", "2026-01-05T10:00:00+00:00"),
        # the night in which the clocks go forward
        ("2026-03-08T09:30:00+00:00", "2026-03-08T09:00:00+00:00", "2026-03-09T09:00:00+00:00"),
    ],
)
def test_slots_are_new_york_times(now, latest, following):
    assert DAILY.latest(at(now)) == at(latest)
    assert DAILY.after(at(now)) == at(following)


def test_schedule_names_live_sources_and_valid_times():
    found = schedule.entries()
    assert {entry.source for entry in found} >= {"edgar-tickers", "edgar-index", "edgar-facts", "clinicaltrials"}
    assert all(entry.latest(timezone.now()) <= timezone.now() for entry in found)


def test_environment_changes_the_schedule(settings):
    settings.INGEST_SCHEDULE_CHANGES = "clinicaltrials = */5 * * * * ; edgar-fsds=off;"
    found = {entry.source: entry.cron for entry in schedule.entries()}
    assert found["clinicaltrials"] == "*/5 * * * *"
    assert "edgar-fsds" not in found


@pytest.mark.parametrize("text", ["clinicaltrials=often", "universe=0 5 * * *", "nonsense"])
def test_faulty_changes_are_refused(settings, text):
    settings.INGEST_SCHEDULE_CHANGES = text
    with pytest.raises(ImproperlyConfigured, match="BIOTECH_MA_SCHEDULE"):
        schedule.entries()


def test_first_look_runs_nothing_and_the_next_slot_does(only_trials):
    assert jobs.queue_due() == []
    assert queued() == []
    mark("clinicaltrials", SLOT, timezone.now() - dt.timedelta(days=3))
    assert jobs.queue_due() == ["clinicaltrials"]
    assert queued() == [{"source": "clinicaltrials"}]
    assert jobs.queue_due() == []


def test_one_run_of_a_source_waits_at_a_time(only_trials):
    assert jobs.queue_ingest("clinicaltrials")
    assert not jobs.queue_ingest("clinicaltrials")
    assert jobs.queue_ingest("drugsfda")
    assert len(queued()) == 2


def test_the_sec_is_not_scheduled_without_a_contact(settings):
    settings.SEC_USER_AGENT = ""
    settings.INGEST_SCHEDULE = {"edgar-tickers": "* * * * *"}
    mark("edgar-tickers", SLOT, timezone.now() - dt.timedelta(days=3))
    assert jobs.queue_due() == []
    assert printed()["edgar-tickers"]["blocked"] == "SEC_USER_AGENT is not set"


def test_fresh_installation_is_ready(only_trials):
    assert not freshness()[0].is_silent
    assert HTTPClient().get("/readyz").json()["checks"]["sources"] == "ok"


@pytest.mark.parametrize(
    ("key", "ago", "silent"),
    [
        (FRESH, dt.timedelta(minutes=5), False),
        (FRESH, dt.timedelta(days=3), True),
        (ENABLED, dt.timedelta(minutes=5), False),
        (ENABLED, dt.timedelta(days=3), True),
        (SLOT, dt.timedelta(days=3), False),
    ],
)
def test_silent_source_fails_readiness_by_name(only_trials, key, ago, silent):
    mark("clinicaltrials", key, timezone.now() - ago)
    answer = HTTPClient().get("/readyz")
    assert answer.status_code == (503 if silent else 200)
    assert ("clinicaltrials" in answer.json()["checks"]["sources"]) == silent
    assert printed()["clinicaltrials"]["silent"] == silent


def test_silence_begins_an_hour_after_the_missed_slot(only_trials):
    mark("clinicaltrials", FRESH, at("2026-01-05T10:07:00+00:00"))
    assert not freshness(at("2026-01-06T11:00:00+00:00"))[0].is_silent
    assert freshness(at("2026-01-06T11:00:01+00:00"))[0].is_silent


def test_live_run_makes_a_source_fresh_and_a_failed_one_does_not(settings, sources, stub):
    settings.INGEST_SCHEDULE = {"orangebook": "0 5 * * *"}
    mark("orangebook", ENABLED, timezone.now() - dt.timedelta(days=9))
    sources.at("/media/76860/download", reply("no zip"))
    with pytest.raises(Exception, match="no zip"):
        ingest("orangebook")
    assert printed()["orangebook"]["silent"]
    sources.at("/media/76860/download", reply("", 404))
    ingest("orangebook")
    assert not printed()["orangebook"]["silent"]


def test_source_that_is_off_is_not_missed(settings, only_trials):
    mark("clinicaltrials", FRESH, timezone.now() - dt.timedelta(days=9))
    settings.INGEST_SCHEDULE_CHANGES = "clinicaltrials=off"
    assert HTTPClient().get("/readyz").status_code == 200


def test_schedule_is_printed_with_the_last_run(only_trials):
    with recorded_run("clinicaltrials", Request(paths=()), live=True):
        pass
    row = printed()["clinicaltrials"]
    assert (row["cron"], row["time_zone"], row["last_run"]["error"]) == ("0 5 * * *", "America/New_York", None)
    assert at(row["next_run"]) > timezone.now()
    out = io.StringIO()
    call_command("schedule", stdout=out)
    assert "clinicaltrials" in out.getvalue()
    assert "waits for a worker" in out.getvalue()
    assert not IngestCursor.objects.exists()
