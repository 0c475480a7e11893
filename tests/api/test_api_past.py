"""Companies as of a past day, and the history of what changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from biotech_ma.core.services import archive
from companies.models import Company
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, USD
from tests.api.test_api_reads import walk
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

LONG_AGO, FIRST, SECOND, LATER = (dt.date(2024, *day) for day in ((1, 31), (5, 10), (6, 20), (8, 1)))
FIGURES = (
    "market_cap_usd,market_cap_as_of,cash_position_usd,quarterly_burn_rate_usd,runway_quarters,is_cash_constrained"
)


def recorded(company, at):
    """Let the newest version of the company have been recorded at this instant."""
    events = apps.get_model("companies", "CompanyEvent").objects
    newest = events.filter(pgh_obj=company).latest("pgh_id")
    with pgtrigger.ignore():
        events.filter(pk=newest.pk).update(pgh_created_at=at)


def noon(day):
    return dt.datetime.combine(day, dt.time(12), tzinfo=NEW_YORK)


def report(company, concept, value, *, end, on, start=None, form="10-Q"):
    """Let a report filed on a day say this."""
    FinancialFact.objects.create(
        company=company, concept=concept, value=Decimal(value), unit=USD, period_start=start, period_end=end, form=form,
        accession=f"0000000001-{on}", source="edgar" if form != CURATED_FORM else "analyst", available_at=start_of(on),
    )  # fmt: skip


@pytest.fixture
def company():
    """A company recorded on the first day, renamed and relisted on the second; two quarterly reports."""
    row = CompanyFactory(ticker="OLDT", name="Old Name", role="target", employee_count=10)
    recorded(row, noon(FIRST))
    row.name, row.ticker, row.employee_count = "New Name", "NEWT", 20
    row.save()
    recorded(row, noon(SECOND))
    for end, on, cash in ((dt.date(2024, 3, 31), FIRST, 500), (dt.date(2024, 6, 30), LATER, 90)):
        report(row, "cash", cash, end=end, on=on)
        report(row, "assets", cash + 100, end=end, on=on)
        report(row, "operating_cash_flow", -400, start=end - dt.timedelta(days=365), end=end, on=on)
    report(row, "market_cap", 700, end=dt.date(2024, 5, 1), on=dt.date(2024, 5, 1))
    return row


def past(who, ref, day, **params):
    return who.get(f"companies/{ref}/", as_of=day.isoformat(), **params)


def test_row_is_the_version_of_the_day(reader, company):
    then = past(reader, company.pk, SECOND - dt.timedelta(days=1)).json
    assert (then["name"], then["ticker"], then["employee_count"]) == ("Old Name", "OLDT", 10)
    after = past(reader, company.pk, SECOND).json
    assert (after["name"], after["ticker"], after["employee_count"]) == ("New Name", "NEWT", 20)
    assert then["id"] == after["id"] == str(company.pk)


def test_version_of_the_evening_counts_in_new_york(reader, company):
    company.name = "Evening Name"
    company.save()
    recorded(company, end_of(LATER) - dt.timedelta(seconds=1))
    assert past(reader, "NEWT", LATER).json["name"] == "Evening Name"
    assert past(reader, "NEWT", LATER - dt.timedelta(days=1)).json["name"] == "New Name"


def test_before_the_first_record_the_first_one_counts(reader, company):
    assert past(reader, company.pk, LONG_AGO).json["name"] == "Old Name"


def test_ticker_is_that_of_the_day_and_else_that_of_today(reader, company):
    assert past(reader, "oldt", FIRST).json["name"] == "Old Name"
    assert past(reader, "newt", FIRST).json["name"] == "Old Name"
    assert past(reader, "newt", SECOND).json["name"] == "New Name"
    past(reader, "oldt", SECOND).is_problem(404)
    other = CompanyFactory(ticker="OLDT", name="Other")
    recorded(other, noon(LATER))
    assert past(reader, "oldt", LATER).json["id"] == str(other.pk)


def test_figures_are_what_the_ledger_knew_by_the_day(reader, company):
    # 500 of funds at 100 a quarter; filed on the first day and not before.
    assert past(reader, company.pk, FIRST, fields=FIGURES).json == {
        "market_cap_usd": "700.00",
        "market_cap_as_of": "2024-05-01",
        "cash_position_usd": "500.00",
        "quarterly_burn_rate_usd": "100.00",
        "runway_quarters": 5.0,
        "is_cash_constrained": False,
    }
    before = past(reader, company.pk, FIRST - dt.timedelta(days=1), fields=FIGURES).json
    assert before["cash_position_usd"] is None
    assert before["runway_quarters"] is None
    later = past(reader, company.pk, LATER, fields=FIGURES).json
    assert (later["cash_position_usd"], later["runway_quarters"], later["is_cash_constrained"]) == ("90.00", 0.9, True)
    sources = past(reader, company.pk, LATER).json["field_sources"]
    assert sources["cash_position_usd"] == {"source": "edgar", "id": f"0000000001-{LATER}", "as_of": "2024-06-30"}


def test_what_is_entered_later_changes_no_earlier_day(reader, company):
    before = past(reader, company.pk, FIRST).text
    report(company, "cash", 1, end=dt.date(2024, 3, 31), on=SECOND)
    company.market_cap_usd, company.market_cap_as_of = Decimal(5), dt.date(2024, 5, 5)
    company.field_sources = {"market_cap_usd": {"source": "curated", "as_of": "2024-07-01"}}
    company.save()
    assert past(reader, company.pk, FIRST).text == before


def test_figure_that_an_analyst_had_set_by_then_stays(reader, company):
    company.runway_quarters = Decimal(3)
    company.field_sources = {"runway_quarters": {"source": "curated", "as_of": "2024-06-20"}}
    company.save()
    recorded(company, noon(SECOND))
    assert past(reader, company.pk, SECOND, fields="runway_quarters").json == {"runway_quarters": 3.0}
    assert past(reader, company.pk, FIRST, fields="runway_quarters").json == {"runway_quarters": 5.0}


def test_today_is_what_the_row_says(admin, company):
    today = timezone.localdate(timezone=NEW_YORK)
    found = past(admin, "NEWT", today).json
    row = admin.get("companies/NEWT/").json
    for name in ("name", "ticker", "role", "employee_count", "metadata", "is_public"):
        assert found[name] == row[name]


def test_archived_company_is_there_until_the_day_it_was_archived(reader, company):
    archive(row=company)
    assert past(reader, company.pk, LATER).status == 200
    recorded(company, noon(LATER))
    past(reader, company.pk, LATER).is_problem(404)
    assert past(reader, company.pk, LATER - dt.timedelta(days=1)).status == 200
    assert reader.rows("companies/", as_of=LATER.isoformat()) == []


def test_offer_counts_from_its_own_day(reader, company):
    Company.objects.filter(pk=company.pk).update(under_offer_since=SECOND + dt.timedelta(days=3))
    recorded(company, noon(SECOND))
    days = (SECOND, SECOND + dt.timedelta(days=3))
    assert [past(reader, company.pk, day).json["under_offer_since"] for day in days] == [None, "2024-06-23"]


def test_list_pages_filters_orders_and_thins_the_rows_of_the_day(reader, company):
    other = CompanyFactory(ticker="ZZZZ", name="Zeta", role="acquirer", therapeutic_areas=["oncology"])
    recorded(other, noon(FIRST))
    day = FIRST.isoformat()
    rows = reader.rows("companies/", as_of=day)
    assert [row["name"] for row in rows] == ["Old Name", "Zeta"]
    assert rows[0]["cash_position_usd"] == "500.00"
    assert walk(reader, "companies/", as_of=day, limit=1) == rows
    assert reader.get("companies/", as_of=day, count="true", limit=1).json["count"] == 2
    for params, names in (
        ({"role": "acquirer"}, ["Zeta"]),
        ({"search": "old"}, ["Old Name"]),
        ({"search": "zz"}, ["Zeta"]),
        ({"therapeutic_area": "oncology"}, ["Zeta"]),
        ({"is_public": "false"}, []),
        ({"ordering": "-ticker"}, ["Zeta", "Old Name"]),
    ):
        found = reader.rows("companies/", as_of=day, fields="name,runway_quarters", **params)
        assert [row["name"] for row in found] == names
        assert all(list(row) == ["name", "runway_quarters"] for row in found)


@pytest.mark.parametrize("query", ["market_cap_min=5", "include=pipeline", "phase=phase_3", "min_score=1"])
def test_what_is_known_of_today_alone_is_refused_by_name(reader, company, query):
    answer = reader.get(f"companies/?as_of=2024-05-10&{query}")
    answer.is_problem(400)
    assert answer.fields == {query.partition("=")[0]: "not_with_as_of"}


@pytest.mark.parametrize(
    "day",
    ["2999-01-01", "1899-12-31", "0001-01-01", "9999-12-31", "yesterday", "", "2024-02-30", "2024-05-10T00:00:00Z"],
)
@pytest.mark.parametrize("path", ["companies/", "companies/NEWT/"])
def test_other_days_are_400(reader, company, path, day):
    answer = reader.get(path, as_of=day)
    answer.is_problem(400)
    assert answer.fields == {"as_of": "invalid"}


@pytest.mark.parametrize(
    "path", ["companies/statistics/", "companies/cash-constrained/", "exports/companies.csv", "companies/NEWT/signals/"]
)
def test_where_the_day_is_not_looked_at_it_is_refused(reader, company, path):
    reader.get(path, as_of="2024-05-10").is_problem(400)


def test_single_row_of_a_day_has_an_etag(reader, company):
    first = past(reader, company.pk, FIRST)
    again = reader.get(f"companies/{company.pk}/?as_of={FIRST}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


def test_history_tells_who_changed_what_from_what_to_what_and_why(admin, universe):
    answer = admin.patch(
        "companies/ALPH/",
        {"employee_count": 240, "market_cap_usd": "3.5"},
        headers={"X-Change-Reason": "Annual report"},
    )
    assert answer.status == 200
    change = admin.rows("companies/ALPH/history/")[0]
    assert change["changed_by"] == "desk"
    assert change["action"] == "update"
    assert change["reason"] == "Annual report"
    assert change["changes"] == {
        "employee_count": {"from": 120, "to": 240},
        "market_cap_usd": {"from": "2500000000.25", "to": "3.50"},
    }
    assert dt.datetime.fromisoformat(change["changed_at"]).tzinfo is not None
    first = admin.rows("companies/ALPH/history/")[-1]
    assert first["action"] == "insert"
    assert first["changes"]["name"] == {"from": None, "to": "Alpha Bio"}
    assert "founded_year" not in first["changes"]


@pytest.mark.parametrize("reason", ["x" * 501, "a\tb"])
def test_reason_that_cannot_be_kept_is_400_for_lists_too(admin, universe, reason):
    row = {"company": "ALPH", "signal_type": "partnership", "title": "x", "event_date": "2026-01-31T16:00:00Z"}
    for body in (row, [row]):
        admin.post("signals/", body, headers={"X-Change-Reason": reason}).is_problem(400)


def test_history_of_archiving_and_restoring(admin, universe):
    assert admin.delete("companies/ALPH/", headers={"X-Change-Reason": "Merged away"}).status == 204
    assert admin.post("companies/ALPH/restore/", headers={"X-Change-Reason": "Not so"}).status == 200
    back, away = admin.rows("companies/ALPH/history/")[:2]
    assert (away["reason"], back["reason"]) == ("Merged away", "Not so")
    assert away["changes"]["deleted_at"]["from"] is None
    assert back["changes"]["deleted_at"]["to"] is None
    assert set(away["changes"]) == set(back["changes"]) == {"deleted_at"}


def test_history_names_the_user_of_the_admin(admin, universe):
    User.objects.create_superuser("ann", password="x" * 14)
    browser = Browser()
    browser.force_login(User.objects.get(username="ann"))
    page = browser.post(
        reverse("admin:companies_company_changelist"),
        {"action": "archive_selected", "_selected_action": [str(universe.alpha.pk)], "confirmed": "yes"},
    )
    assert page.status_code in (200, 302)
    assert not Company.objects.filter(pk=universe.alpha.pk).exists()
    admin.post("companies/ALPH/restore/")
    rows = admin.rows("companies/ALPH/history/")
    assert [row["changed_by"] for row in rows[:2]] == ["desk", "ann"]


def test_history_of_a_command_names_what_it_did(admin, universe):
    archive(row=universe.gamma)
    universe.gamma.refresh_from_db()
    admin.post(f"companies/{universe.gamma.pk}/restore/")
    change = admin.rows(f"companies/{universe.gamma.pk}/history/")[1]
    assert (change["changed_by"], change["reason"]) == (None, "archive")


def test_history_by_time(admin, company):
    path = f"companies/{company.pk}/history/"
    assert [row["name"] for row in admin.rows(path, until="2024-06-01")] == ["Old Name"]
    assert [row["name"] for row in admin.rows(path, since="2024-06-20", until="2024-07-01T00:00:00Z")] == ["New Name"]
