"""The first page's catalysts, cash and sources, worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from signals_app.admin_calendar import month_after, month_of
from signals_app.catalysts import coming
from signals_app.ingest.base import Request
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.models import IngestRun
from signals_app.runs import recorded_run
from signals_app.runway import lasts_until
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 10)
INDEX = reverse("admin:index")


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-11", dt.date(2026, 11, 1)),
        ("", dt.date(2026, 3, 1)),
        ("2026-13", dt.date(2026, 3, 1)),
        ("0001-01", dt.date(2026, 3, 1)),
        ("99999-01", dt.date(2026, 3, 1)),
        ("a-b", dt.date(2026, 3, 1)),
        ("2026-11-01", dt.date(2026, 3, 1)),
    ],
)
def test_a_month_is_read_or_this_one(text, month):
    assert month_of(text, TODAY) == month


def test_months_run_over_the_turn_of_the_year():
    assert month_after(dt.date(2026, 12, 1), 1) == dt.date(2027, 1, 1)
    assert month_after(dt.date(2026, 1, 1), -1) == dt.date(2025, 12, 1)


def test_coming_events_stand_by_day_and_importance_and_leave_archived_companies_out():
    company = CompanyFactory(name="Acme", ticker="ACME")
    day = dt.date(2026, 5, 4)
    DrugCandidateFactory(company=company, name="A-1", next_milestone="Readout", next_milestone_date=day)
    DrugCandidateFactory(company=company, name="A-2", patent_expiry=day - dt.timedelta(days=1))
    # midnight in New York is four in the morning in London
    at = dt.datetime(2026, 5, 4, 4, tzinfo=dt.UTC)
    SignalFactory(company=company, signal_type="pdufa_date", title="PDUFA for A-3", event_date=at)
    gone = CompanyFactory(deleted_at=timezone.now())
    DrugCandidateFactory(company=gone, next_milestone="Readout", next_milestone_date=day)
    found = coming(dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    assert [(row.day.day, row.kind, row.drug, row.ticker) for row in found] == [
        (3, "patent_expiry", "A-2", "ACME"),
        (4, "pdufa_date", None, "ACME"),
        (4, "milestone", "A-1", "ACME"),
    ]
    assert coming(dt.date(2026, 5, 1), dt.date(2026, 5, 31), companies=[gone.pk]) == []


def test_the_calendar_shows_the_month_asked_for(browser):
    DrugCandidateFactory(
        company=CompanyFactory(ticker="ACME"), name="A-1", next_milestone="Readout",
        next_milestone_date=dt.date(2031, 2, 14),
    )  # fmt: skip
    text = browser.get(f"{INDEX}?month=2031-02").content.decode()
    assert "Catalysts, February 2031" in text
    assert text.count("A-1 · Readout") >= 2  # in the grid and in the table
    assert "?month=2031-01#catalysts" in text
    assert "A-1 · Readout" not in browser.get(f"{INDEX}?month=2031-03").content.decode()
    assert browser.get(f"{INDEX}?month=%00&since=%00").status_code == 200


def test_a_month_without_a_day_leads_to_the_next_that_has_one(browser):
    DrugCandidateFactory(next_milestone="Readout", next_milestone_date=dt.date(2031, 2, 14))
    text = browser.get(f"{INDEX}?month=2030-06").content.decode()
    onward = "?onward=1&amp;month=2030-07#catalysts"
    assert onward in text
    text = browser.get(f"{INDEX}?onward=1&month=2030-07").content.decode()
    assert "Catalysts, February 2031" in text
    assert "onward" not in text
    for month in ("2031-03", "2028-12"):
        text = browser.get(f"{INDEX}?onward=1&month={month}").content.decode()
        assert f"No day in the two years from {dt.date.fromisoformat(f'{month}-01'):%B %Y} on is known" in text


@pytest.mark.parametrize(
    ("quarters", "as_of", "day"),
    [
        # four quarters are 365.25 days, of which whole days count
        ("4", "2025-12-31", dt.date(2026, 12, 31)),
        ("2", "2025-12-31", dt.date(2026, 7, 1)),
        (None, "2025-12-31", None),
        ("4", None, None),
        ("4", "yesterday", None),
        ("99999.99", "2025-12-31", None),
    ],
)
def test_money_lasts_from_its_balance_sheet_on(quarters, as_of, day):
    company = CompanyFactory.build(
        runway_quarters=Decimal(quarters) if quarters else None, field_sources={"cash_position_usd": {"as_of": as_of}}
    )
    assert lasts_until(company) == day


def test_short_of_cash_names_the_last_day_and_what_comes_next(browser):
    company = CompanyFactory(
        ticker="POOR", runway_quarters=Decimal(2), is_cash_constrained=True,
        field_sources={"cash_position_usd": {"source": "edgar", "as_of": "2025-12-31"}},
    )  # fmt: skip
    ahead = timezone.localdate() + dt.timedelta(days=30)
    DrugCandidateFactory(company=company, name="P-1", next_milestone="Readout", next_milestone_date=ahead)
    panels = {panel.title: panel for panel in browser.get(INDEX).context["panels"]}
    row = panels["Short of cash"].rows[0]
    assert "2026-07-01" in row[4]
    assert f"{ahead:%Y-%m-%d} P-1 · Readout" in row[5]
    assert panels["Short of cash"].chart.labels == ["POOR"]


def record(day: dt.datetime, number: int) -> SignalRecord:
    return SignalRecord(
        company_id=CompanyFactory().pk, signal_type="other_event", event_date=day, available_at=day, title="Said",
        source="clinicaltrials", source_id=f"n{number}", source_url=None, signal_data={}, severity=None,
    )  # fmt: skip


def test_a_run_keeps_up_to_when_its_data_go_and_the_first_page_shows_it(browser):
    newest = dt.datetime(2026, 2, 3, 15, tzinfo=dt.UTC)
    to_come = timezone.now() + dt.timedelta(days=20)
    with recorded_run("clinicaltrials", Request(paths=())):
        merge_signals([record(newest - dt.timedelta(days=9), 1), record(newest, 2), record(to_come, 3)])
    assert IngestRun.objects.get().data_until == newest
    with recorded_run("clinicaltrials", Request(paths=())):
        pass  # nothing dated was read: the day before stands
    row = next(row for row in _sources(browser) if row[0] == "clinicaltrials")
    assert "2026-02-03" in row[3]
    assert "good" in row[2]


def test_a_dry_run_and_a_failed_one_bring_no_data(browser):
    at = dt.datetime(2026, 2, 3, 15, tzinfo=dt.UTC)
    with recorded_run("prices", Request(paths=(), dry_run=True)):
        merge_signals([record(at, 1)])

    def fail() -> None:
        with recorded_run("prices", Request(paths=())):
            merge_signals([record(at, 2)])
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert set(IngestRun.objects.values_list("data_until", flat=True)) == {None}
    row = next(row for row in _sources(browser) if row[0] == "prices")
    assert "by hand" in row[1]
    assert "failed" in row[2]


def _sources(browser: Browser) -> list[list[str]]:
    return next(panel for panel in browser.get(INDEX).context["panels"] if panel.title == "Sources").rows


def test_days_of_events_are_the_markets_in_every_zone(browser):
    # seven in the evening in New York is the next day in Tokyo
    at = dt.datetime(2026, 1, 6, 0, tzinfo=dt.UTC)
    SignalFactory(event_date=at, available_at=at, severity="high", title="Late news")
    browser.post(reverse("preferences"), {"time_zone": "Asia/Tokyo"})
    here = reverse("admin:signals_app_signal_changelist")
    assert ">2026-01-05<" in browser.get(here).content.decode()
    assert "Late news" in browser.get(f"{here}?event_date_from=2026-01-05&event_date_to=2026-01-05").content.decode()
    assert "Late news" not in browser.get(f"{here}?event_date_from=2026-01-06").content.decode()
