"""Money raised after the balance sheet is a line of its own, as known by the day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.market_day import NEW_YORK
from signals_app.pro_forma import pro_forma
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

PERIOD_END, DAY = dt.date(2026, 3, 31), dt.date(2026, 6, 30)


def raised(company, on: str, known: str | None = None, **data):
    happened, available = (
        dt.datetime.fromisoformat(text).replace(hour=9, tzinfo=NEW_YORK) for text in (on, known or on)
    )
    return SignalFactory(
        company=company,
        signal_type="financing",
        event_date=happened,
        available_at=available,
        title=on,
        source_url=f"https://example.org/{on}",
        signal_data=data,
    )


def found(company, day=DAY):
    return pro_forma(company_id=company.pk, liquid_funds_usd=Decimal(100), period_end=PERIOD_END, day=day)


def test_what_was_raised_after_the_balance_sheet_stands_beside_it():
    company = CompanyFactory()
    raised(company, "2026-03-31", net_proceeds_usd="1000")
    raised(company, "2026-04-01", gross_proceeds_usd="60", net_proceeds_usd="50.5")
    raised(company, "2026-05-02", gross_proceeds_usd=20)
    raised(CompanyFactory(), "2026-05-02", net_proceeds_usd="7")
    line = found(company)
    assert (line.liquid_funds_usd, line.raised_usd, line.liquid_funds_pro_forma_usd) == (
        100,
        Decimal("70.5"),
        Decimal("170.5"),
    )
    assert [(each.day, each.usd, each.basis) for each in line.financings] == [
        (dt.date(2026, 4, 1), Decimal("50.5"), "net_proceeds_usd"),
        (dt.date(2026, 5, 2), Decimal(20), "gross_proceeds_usd"),
    ]


def test_what_was_not_known_by_the_day_is_not_in_it():
    company = CompanyFactory()
    raised(company, "2026-05-02", known="2026-07-01", net_proceeds_usd="20")
    raised(company, "2026-07-02", net_proceeds_usd="30")
    assert found(company).raised_usd == 0
    assert found(company, dt.date(2026, 7, 2)).raised_usd == 50


@pytest.mark.parametrize("amount", [None, "", "a lot", "NaN", "-5", 0, True, "1e30", [5], {"usd": 5}])
def test_an_amount_that_is_none_is_unknown_and_counted(amount):
    company = CompanyFactory()
    raised(company, "2026-05-02", net_proceeds_usd=amount)
    assert (found(company).raised_usd, found(company).without_amount) == (0, 1)


def test_the_company_page_shows_the_line_only_where_something_was_raised():
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    company = CompanyFactory(
        cash_position_usd=Decimal(100_000_000),
        field_sources={"cash_position_usd": {"source": "edgar", "as_of": "2026-03-31"}},
    )
    page = reverse("admin:companies_company_view", args=[company.pk])
    assert "Pro forma" not in browser.get(page).content.decode()
    raised(company, "2026-04-01", net_proceeds_usd="50000000")
    raised(company, "2026-04-02")
    shown = browser.get(page).content.decode()
    assert "Pro forma" in shown
    assert "$150 m" in shown
    assert "$50.0 m raised since 2026-03-31, 1 more without an amount" in shown
    told = shown.partition("Pro forma")[2].partition("desk-tile")[0]
    assert 'href="https://example.org/2026-04-01"' in told
