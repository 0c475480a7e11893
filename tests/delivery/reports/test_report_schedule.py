"""Which report when: New York's weekdays and Mondays, each slot once, missed ones made up with their own days."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.market_day import NEW_YORK
from delivery.models import Report
from delivery.reports import jobs as report_jobs
from delivery.reports.schedule import entries, period_of, queue_due_reports
from delivery.services import issue_client
from signals_app.schedule import SLOT, marks_of
from tests.concurrency import together

pytestmark = pytest.mark.django_db


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def made() -> list[tuple[str, str, str]]:
    rows = Report.objects.order_by("report_type", "report_date")
    return [(row.report_type, str(row.period_start), str(row.report_date)) for row in rows]


@pytest.fixture
def monday(settings):
    """The desk's schedule, first looked at on Friday 3 January 2025."""
    settings.REPORTS_RECIPIENTS = ["desk@example.com"]
    assert queue_due_reports(at("2025-01-03T12:00")) == []
    return at("2025-01-06T07:00")


def entry(name: str):
    return next(found for found in entries() if found.source == f"report {name}")


@pytest.mark.parametrize(
    ("name", "slot", "first", "last"),
    [
        # Monday's digest is of Friday to Sunday, Tuesday's of Monday.
        ("daily_digest", "2025-01-06T07:00", "2025-01-03", "2025-01-05"),
        ("daily_digest", "2025-01-07T07:00", "2025-01-06", "2025-01-06"),
        ("weekly_watchlist", "2025-01-06T07:00", "2024-12-30", "2025-01-05"),
    ],
)
def test_a_slot_reports_on_what_came_before_its_day(name, slot, first, last):
    assert period_of(entry(name), at(slot)) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def test_nothing_is_made_before_the_slot_and_both_reports_at_it(monday):
    assert queue_due_reports(monday - dt.timedelta(seconds=1)) == []
    assert len(queue_due_reports(monday)) == 2
    assert made() == [
        ("daily_digest", "2025-01-03", "2025-01-05"),
        ("weekly_watchlist", "2024-12-30", "2025-01-05"),
    ]
    assert queue_due_reports(monday + dt.timedelta(minutes=1)) == []
    assert {tuple(row.recipients) for row in Report.objects.all()} == {("desk@example.com",)}
    assert ProcrastinateJob.objects.filter(task_name="delivery.reports.jobs.make_report").count() == 2


def test_slots_are_seven_in_new_york_in_summer_and_in_winter():
    digest = entry("daily_digest")
    assert digest.after(at("2025-01-06T00:00")).astimezone(dt.UTC).hour == 12
    assert digest.after(at("2025-07-07T00:00")).astimezone(dt.UTC).hour == 11


def test_missed_slots_are_made_up_each_with_its_own_day(monday):
    assert len(queue_due_reports(at("2025-01-08T09:00"))) == 4
    assert made() == [
        ("daily_digest", "2025-01-03", "2025-01-05"),
        ("daily_digest", "2025-01-06", "2025-01-06"),
        ("daily_digest", "2025-01-07", "2025-01-07"),
        ("weekly_watchlist", "2024-12-30", "2025-01-05"),
    ]


def test_of_a_long_absence_the_last_five_are_made_up(monday):
    queue_due_reports(at("2025-02-28T09:00"))
    days = [row for row in made() if row[0] == "daily_digest"]
    assert [day for _, _, day in days] == ["2025-02-23", "2025-02-24", "2025-02-25", "2025-02-26", "2025-02-27"]


@pytest.mark.django_db(transaction=True)
def test_a_slot_is_ordered_once_however_many_look(settings, monday):
    together(*[lambda: queue_due_reports(monday)] * 4)
    assert len(made()) == 2
    assert ProcrastinateJob.objects.filter(task_name="delivery.reports.jobs.make_report").count() == 2
    ProcrastinateJob.objects.all().delete()


def test_client_that_asked_for_it_gets_its_own_watchlist(monday, desk):
    issue_client(
        client_name="Fund", contact_email="fund@example.com", watchlist_tickers=["AAA", "ZZZ"],
        notification_preferences={"reports": ["weekly_watchlist"], "format": "xlsx"},
        custom_thresholds={"score_change": -2},
    )  # fmt: skip
    issue_client(client_name="Silent", contact_email="silent@example.com", watchlist_tickers=["BBB"])
    queue_due_reports(monday)
    report = Report.objects.get(recipients=["fund@example.com"])
    assert (report.report_type, report.format, report.companies_asked) == ("weekly_watchlist", "xlsx", ["AAA"])
    assert report.metadata["thresholds"] == {"score_change": -2}
    assert report.client is not None
    assert Report.objects.count() == 3


def test_what_is_refused_is_kept_as_failed_with_its_reason(monday, settings):
    settings.REPORTS_FORMAT = "docx"
    queue_due_reports(monday)
    assert {(row.delivery_status, row.format) for row in Report.objects.all()} == {("failed", "html")}
    assert "docx" in Report.objects.first().failure
    assert queue_due_reports(monday) == []


def test_environment_changes_the_schedule(settings):
    settings.REPORTS_SCHEDULE_CHANGES = "daily_digest=off; weekly_watchlist = 30 6 * * 2"
    assert [(found.source, found.cron) for found in entries()] == [("report weekly_watchlist", "30 6 * * 2")]


@pytest.mark.parametrize("text", ["deep_dive=0 7 * * 1", "daily_digest=often", "nonsense"])
def test_faulty_schedule_is_refused(settings, text):
    settings.REPORTS_SCHEDULE_CHANGES = text
    with pytest.raises(ImproperlyConfigured, match="REPORTS_SCHEDULE"):
        entries()


def test_the_workers_look_covers_the_reports_and_the_command_shows_them(settings):
    settings.INGEST_SCHEDULE = {}
    report_jobs.look_at_report_schedule(timestamp=0)
    assert set(marks_of(["report daily_digest", "report weekly_watchlist"])) >= {("report daily_digest", SLOT)}
    out = io.StringIO()
    call_command("schedule", "--json", stdout=out)
    shown = {row["name"]: row for row in json.loads(out.getvalue())["also"]}
    assert shown["report weekly_watchlist"]["cron"] == "0 7 * * 1"
    assert shown["report weekly_watchlist"]["time_zone"] == "America/New_York"
    text = io.StringIO()
    call_command("schedule", stdout=text)
    assert "report daily_digest" in text.getvalue()
