"""Figures of a list's rows: how many are known, sums where they say something, medians; of rows that the user sees."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.admin import list_figures
from companies.restrictions import put_on
from delivery.models import Report
from tests.core.test_list_edit import signed_in
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db
COMPANIES = "/admin/companies/company/"


def figures(browser: Browser, address: str) -> dict[str, tuple[int, str, str]]:
    page = browser.get(f"{address}{'&' if '?' in address else '?'}_figures=1")
    assert page.status_code == 200
    return {each.heading: (each.known, each.total, each.median) for each in page.context["figures"].columns}


@pytest.fixture
def vera() -> Browser:
    """Return the browser of one who may only look."""
    user = User.objects.create_user("vera", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    browser = Browser()
    browser.force_login(user)
    return browser


def companies() -> None:
    for cap, funds, runway in (
        (300_000_000, 50_000_000, "2.5"),
        (1_200_000_000, None, "8"),
        (None, None, "4"),
        (90, 10, None),
    ):
        CompanyFactory(
            market_cap_usd=cap, cash_position_usd=funds, runway_quarters=runway, is_public=cap != 90, role="target"
        )  # fmt: skip


def test_a_viewer_is_told_sum_and_median_of_the_filtered_rows(vera):
    companies()
    page = vera.get(COMPANIES)
    assert "Figures of these rows" in page.content.decode()
    assert "figures" not in page.context
    got = figures(vera, f"{COMPANIES}?is_public__exact=1")
    # 300 m and 1.2 bn; one is not known, and a cap of 90 dollars is filtered out
    assert got["Market cap"] == (2, "$1.5 bn", "$750 m")
    assert got["Liquid funds"] == (1, "$50.0 m", "$50.0 m")
    assert got["Runway"] == (3, "", "4")
    assert got["Score"] == (0, "", "—")
    assert "Areas" not in got
    assert figures(vera, COMPANIES)["Market cap"] == (3, "$1.5 bn", "$300 m")
    text = vera.get(f"{COMPANIES}?_figures=1&is_public__exact=1").content.decode()
    assert "Figures of 3 rows" in text
    assert 'title="$1,500,000,000"' in text
    assert "_figures" not in vera.get(f"{COMPANIES}?_figures=1&is_public__exact=1").context["present_filter"]


def test_figures_take_one_statement_more_and_no_list_of_words_offers_any(vera):
    companies()
    DrugCandidateFactory()
    vera.get(COMPANIES)
    with CaptureQueriesContext(connection) as plain:
        vera.get(COMPANIES)
    with CaptureQueriesContext(connection) as asked:
        vera.get(f"{COMPANIES}?_figures=1")
    assert len(asked) == len(plain) + 1
    for address in ("/admin/companies/drugcandidate/", f"{COMPANIES}?q=nobody"):
        text = vera.get(f"{address}{'&' if '?' in address else '?'}_figures=1").content.decode()
        assert not re.search("Figures of", text), address


def test_more_rows_than_can_be_told_at_once_are_refused_in_words(vera, monkeypatch):
    companies()
    monkeypatch.setattr(list_figures, "MOST_ROWS", 3)
    text = vera.get(f"{COMPANIES}?_figures=1").content.decode()
    assert "These are more than 3 rows: narrow them down by a filter, then ask again." in text
    assert "$1.5 bn" not in text.partition('id="figures"')[2].partition("</section>")[0]
    assert figures(vera, f"{COMPANIES}?is_public__exact=1")["Market cap"][0] == 2


def test_deals_have_sums_of_dollars_and_medians_of_shares():
    for value, premium in ((1_000_000_000, 0.4), (3_000_000_000, 0.5), (None, 0.9)):
        SignalFactory(
            signal_type="takeover_target",
            signal_data={
                "acquirer": f"Big {premium}",
                "target": f"T {premium}",
                "value_usd": value,
                "premium_last_close": premium,
            },
        )
    got = figures(signed_in("anna"), "/admin/signals_app/deal/?status=all")
    assert got["Value"] == (2, "$4.0 bn", "$2.0 bn")
    assert got["Premium"] == (3, "", "50.0 %")


def test_figures_tell_no_more_of_a_restricted_company_than_its_row_does(vera):
    """The list shows such a company's own row to everyone: figures without it would tell that it is on the list."""
    companies()
    held = CompanyFactory(market_cap_usd=500_000_000)
    before = figures(vera, COMPANIES)
    put_on(company=held, reason="x", by=User.objects.create_superuser("lea"))
    assert figures(vera, COMPANIES) == before


def test_a_list_that_hides_rows_from_a_user_counts_them_for_nobody_else(vera):
    held = CompanyFactory(ticker="AAA")
    for size, tickers in ((100, ["AAA"]), (300, []), (500, [])):
        Report.objects.create(
            title="x", report_type="deep_dive", report_date="2026-01-31", file_size_bytes=size,
            companies_included=tickers,
        )  # fmt: skip
    lea = User.objects.create_superuser("lea")
    cleared = Browser()
    cleared.force_login(lea)
    put_on(company=held, reason="x", cleared=[lea], by=lea)
    assert figures(cleared, "/admin/delivery/report/")["File"] == (3, "", "300")
    assert figures(vera, "/admin/delivery/report/")["File"] == (2, "", "400")
