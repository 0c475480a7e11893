"""An analyst's edit of a figure goes into the ledger: known from now on, not before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from companies.models import Company
from scoring.inputs import inputs
from signals_app.figures import CompanyFigures, figures
from signals_app.market_day import NEW_YORK, start_of
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, FIELDS, USD, Fact
from signals_app.refresh import ledger_day
from tests.api.conftest import caller
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

NO_INLINES = {
    f"{prefix}-{part}": "0"
    for prefix in ("drug_candidates", "aliases", "signals", "scores")
    for part in ("TOTAL_FORMS", "INITIAL_FORMS")
}


def today() -> dt.date:
    return timezone.localdate(timezone=NEW_YORK)


def ago(days: int) -> dt.date:
    return today() - dt.timedelta(days=days)


@pytest.fixture
def company() -> Company:
    day = ago(10)
    note = {"source": "starter", "as_of": day.isoformat()}
    return CompanyFactory(
        ticker="EDIT",
        market_cap_usd=Decimal(100),
        market_cap_as_of=day,
        field_sources={"market_cap_usd": note, "market_cap_as_of": note},
    )


def report(company: Company, end: dt.date, **values: int) -> None:
    for concept, value in values.items():
        flow = concept == "operating_cash_flow"
        FinancialFact.objects.create(
            company=company, concept=concept, period_start=end - dt.timedelta(days=364) if flow else None,
            period_end=end, value=Decimal(value), unit=USD, form="10-Q", accession=f"0000000001-{end}", source="edgar",
            available_at=start_of(end + dt.timedelta(days=15)),
        )  # fmt: skip


def known(company: Company, day: dt.date) -> CompanyFigures:
    facts = FinancialFact.objects.filter(company=company).values_list(*FIELDS)
    return figures([Fact(*row) for row in facts], day)


def curated(company: Company) -> list[tuple[str, Decimal]]:
    rows = FinancialFact.objects.filter(company=company, form=CURATED_FORM).order_by("id")
    assert {(fact.source, fact.unit) for fact in rows} <= {("analyst", USD)}
    return [(fact.concept, fact.value) for fact in rows]


def edit_in_admin(company: Company, **values: Any) -> None:
    browser = Browser()
    browser.force_login(User.objects.get_or_create(username="a", is_staff=True, is_superuser=True)[0])
    page = reverse("admin:companies_company_change", args=[company.pk])
    shown = browser.get(page).context["adminform"].form.initial
    sent = {name: value for name, value in shown.items() if value not in (None, "", [], {}, False)}
    response = browser.post(page, {**sent, **NO_INLINES, "change_reason": "as filed", **values})
    assert response.status_code == 302, response.context["adminform"].form.errors


def edit_over_api(company: Company, **values: Any) -> None:
    body = {name: value if name == "employee_count" else str(value) for name, value in values.items()}
    answer = caller("admin").patch(f"companies/{company.pk}/", body)
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("edit", [edit_in_admin, edit_over_api])
@pytest.mark.parametrize(
    ("field", "concept"),
    [
        ("cash_position_usd", "liquid_funds"),
        ("quarterly_burn_rate_usd", "quarterly_burn"),
        ("total_debt_usd", "total_debt"),
        ("market_cap_usd", "market_cap"),
    ],
)
def test_each_edit_of_a_figure_appends_one_fact_and_an_edit_back_another(company, edit, field, concept):
    edit(company, **{field: 7})
    edit(company, **{field: 7}, employee_count=9)
    assert curated(company) == [(concept, 7)]
    edit(company, **{field: 100})
    edit(company, **{field: 7})
    assert curated(company) == [(concept, 7), (concept, 100), (concept, 7)]
    company.refresh_from_db()
    assert company.field_sources[field]["source"] == "curated"


@pytest.mark.parametrize("edit", [edit_in_admin, edit_over_api])
def test_score_of_yesterday_keeps_the_market_cap_and_of_today_takes_the_analysts(company, edit):
    def cap(days: int) -> Any:
        found = inputs(Company.objects.get(pk=company.pk), ago(days))
        return found.market_cap if found else None

    before = cap(1)
    edit(company, market_cap_usd=200)
    assert (before.usd, cap(1).usd, cap(0).usd) == (100, 100, 200)
    assert cap(0).evidence.source == "analyst: market cap"
    assert cap(1).evidence.source == "starter: market cap"
    assert cap(11) is None
    edit(company, market_cap_usd=100)
    assert (cap(1).usd, cap(0).usd) == (100, 100)


def test_edited_figures_hold_from_now_on_and_until_a_newer_period_is_reported(company):
    end = ago(60)
    report(company, end, cash=400, short_term_investments=0, long_term_debt=50, operating_cash_flow=-400)
    assert known(company, today()).runway_quarters == 4
    edit_over_api(company, cash_position_usd=900, quarterly_burn_rate_usd=300, total_debt_usd=10)
    for day, expected in ((ago(1), (400, 100, 50, 4)), (today(), (900, 300, 10, 3))):
        found = known(company, day)
        assert found.liquid_funds is not None
        assert found.quarterly_burn is not None
        assert found.total_debt is not None
        values = found.liquid_funds.value, found.quarterly_burn.value, found.total_debt.value, found.runway_quarters
        assert values == expected
        assert found.liquid_funds.period_end == end
    report(company, end + dt.timedelta(days=30), cash=600, short_term_investments=0)
    newer = known(company, today())
    assert newer.liquid_funds is not None
    assert newer.quarterly_burn is not None
    assert (newer.liquid_funds.value, newer.quarterly_burn.value) == (600, 300)


def test_funds_of_an_analyst_are_complete_where_nothing_is_reported(company):
    edit_over_api(company, cash_position_usd=900)
    found = known(company, today())
    assert found.liquid_funds
    assert (found.liquidity_complete, found.liquid_funds.value, found.liquid_funds.period_end) == (True, 900, today())
    assert "liquid_funds" not in found.unknown
    assert known(company, ago(1)).liquid_funds is None


def test_emptied_figure_and_other_edits_append_nothing(company):
    edit_over_api(company, employee_count=9)
    caller("admin").patch(f"companies/{company.pk}/", {"market_cap_usd": None})
    assert curated(company) == []


def test_edit_of_the_day_alone_moves_the_market_cap(company):
    edit_over_api(company, market_cap_as_of=ago(3))
    fact = FinancialFact.objects.get(company=company, form=CURATED_FORM)
    assert (fact.concept, fact.period_end, fact.value) == ("market_cap", ago(3), 100)


def test_analysts_word_does_not_move_the_day_of_the_ledger(company):
    report(company, ago(60), cash=400)
    Company.objects.update(market_cap_as_of=ago(50))
    before = ledger_day()
    edit_over_api(company, cash_position_usd=7)
    assert ledger_day() == before < today()
