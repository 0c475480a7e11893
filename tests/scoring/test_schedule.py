"""The day that has ended is matched and scored past midnight in New York, once, unless its figures are stale."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ImproperlyConfigured
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.market_day import NEW_YORK
from scoring import jobs, schedule
from scoring.models import AcquirerMatch, MAScore
from signals_app.schedule import planned_above
from tests.scoring.buyers import buyer, target
from tests.scoring.universe import DAY, small_universe

pytestmark = pytest.mark.django_db


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def test_the_first_look_notes_the_schedule_and_each_later_slot_is_due_once():
    assert schedule.due_day(at("2026-06-29T12:00")) is None
    assert schedule.due_day(at("2026-06-30T00:19")) is None
    assert schedule.due_day(at("2026-06-30T00:20")) == dt.date(2026, 6, 29)
    assert schedule.due_day(at("2026-06-30T23:00")) is None


def test_of_several_missed_slots_the_last_is_made_up():
    schedule.due_day(at("2026-06-20T12:00"))
    assert schedule.due_day(at("2026-06-30T09:00")) == dt.date(2026, 6, 29)
    assert schedule.due_day(at("2026-06-30T09:01")) is None


def test_midnight_is_new_york_s_in_winter_too():
    schedule.due_day(at("2026-01-10T12:00"))
    assert schedule.due_day(dt.datetime(2026, 1, 11, 5, 19, tzinfo=dt.UTC)) is None
    assert schedule.due_day(dt.datetime(2026, 1, 11, 5, 20, tzinfo=dt.UTC)) == dt.date(2026, 1, 10)


def test_switched_off_nothing_is_due_and_nonsense_is_refused(settings):
    settings.SCORE_SCHEDULE = "off"
    assert schedule.due_day(at("2026-06-30T00:20")) is None
    assert schedule.plan(at("2026-06-30T00:20")) == []
    settings.SCORE_SCHEDULE = "at night"
    with pytest.raises(ImproperlyConfigured, match="BIOTECH_MA_SCORE_SCHEDULE"):
        schedule.entry()


def test_what_is_due_is_queued_once_and_shown_on_the_schedule(monkeypatch):
    monkeypatch.setattr(schedule, "due_day", lambda now: DAY)
    for _ in range(2):
        assert jobs.queue_due_scoring() == DAY
    job = ProcrastinateJob.objects.get(task_name="scoring.jobs.match_and_score")
    assert job.args == {"day": DAY.isoformat()}
    assert "match and score" in {planned.name for planned in planned_above()}


def test_the_job_matches_and_scores_its_day():
    target("ONE")
    buyer()
    small_universe(3)
    jobs.match_and_score.func(day=DAY.isoformat())
    assert set(MAScore.objects.latest().values_list("score_date", flat=True)) == {DAY}
    assert set(AcquirerMatch.objects.values_list("match_date", flat=True)) == {DAY}


def test_without_anybody_to_match_with_the_day_is_scored_all_the_same():
    small_universe(3)
    jobs.match_and_score.func(day=DAY.isoformat())
    assert MAScore.objects.latest().count() == 3


def test_a_day_whose_figures_are_stale_or_that_nothing_is_known_of_is_left_out(caplog):
    jobs.match_and_score.func(day=DAY.isoformat())
    small_universe(3)
    jobs.match_and_score.func(day="2027-06-30")
    assert not MAScore.objects.exists()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        f"{DAY} is not scored",
        "2027-06-30 is not scored",
    ]
