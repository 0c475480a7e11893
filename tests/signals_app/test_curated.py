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

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.models import Company
from scoring.inputs import inputs
from signals_app.curated import correct_fact
from signals_app.figures import CompanyFigures, figures
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, FIELDS, USD, Fact
from signals_app.refresh import ledger_day, refresh_company_figures
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


def figures_of(company: Company) -> tuple[Any, ...]:
    company.refresh_from_db()
    return (
        company.cash_position_usd, company.quarterly_burn_rate_usd, company.runway_quarters,
        company.is_cash_constrained, company.enterprise_value_usd,
    )  # fmt: skip


@pytest.fixture
def reported(company: Company) -> Company:
    """A company whose newest filing is of long ago: 1200 of funds, 400 burnt in the year, 50 owed, a cap of 100."""
    end = ago(300)
    report(company, end, cash=1200, short_term_investments=0, operating_cash_flow=-400, long_term_debt=50)
    Company.objects.filter(pk=company.pk).update(market_cap_as_of=end)
    refresh_company_figures(day=ledger_day(), company_ids=[company.pk])
    assert figures_of(company) == (1200, 100, 12, False, 100 + 50 - 1200)
    return company


@pytest.mark.parametrize("edit", [edit_in_admin, edit_over_api])
def test_what_rests_on_a_figure_follows_its_edit_in_the_same_change(reported, edit):
    before = reported.history.count()
    edit(reported, cash_position_usd=300)
    assert figures_of(reported) == (300, 100, 3, True, 100 + 50 - 300)
    assert reported.history.count() == before + 1
    assert reported.field_sources["runway_quarters"]["source"] == "derived"
    edit(reported, quarterly_burn_rate_usd=-5)
    assert figures_of(reported) == (300, -5, None, False, -150)
    edit(reported, total_debt_usd=10)
    edit(reported, market_cap_usd=1000)
    assert figures_of(reported) == (300, -5, None, False, 1000 + 10 - 300)


def test_the_next_reading_of_the_ledger_leaves_the_value_of_an_analysts_market_cap(reported):
    edit_over_api(reported, market_cap_usd=5000)
    assert figures_of(reported)[4] == 5000 + 50 - 1200
    assert refresh_company_figures(day=ledger_day(), company_ids=[reported.pk]) == 0


@pytest.mark.parametrize("edit", [edit_in_admin, edit_over_api])
def test_the_next_reading_of_the_ledger_leaves_what_followed_as_it_is(reported, edit):
    edit(reported, quarterly_burn_rate_usd=400)
    assert figures_of(reported) == (1200, 400, 3, True, -1050)
    assert refresh_company_figures(day=ledger_day(), company_ids=[reported.pk]) == 0
    # a newer balance sheet moves the funds; the burn is the analyst's, and the runway is of both
    report(reported, ago(30), cash=2000, short_term_investments=0, operating_cash_flow=-40)
    Company.objects.filter(pk=reported.pk).update(market_cap_as_of=ago(20))
    refresh_company_figures(day=ledger_day(), company_ids=[reported.pk])
    assert figures_of(reported)[:4] == (2000, 400, 5, False)


@pytest.mark.parametrize("edit", [edit_in_admin, edit_over_api])
def test_a_runway_of_an_analyst_stays_until_it_is_emptied(reported, edit):
    edit(reported, runway_quarters="2.5")
    assert figures_of(reported)[2:4] == (Decimal("2.5"), True)
    edit(reported, cash_position_usd=600)
    assert figures_of(reported) == (600, 100, Decimal("2.5"), True, -450)
    refresh_company_figures(day=ledger_day(), company_ids=[reported.pk])
    assert figures_of(reported)[2:4] == (Decimal("2.5"), True)
    if edit is edit_in_admin:
        edit(reported, runway_quarters="")
    else:
        caller("admin").patch(f"companies/{reported.pk}/", {"runway_quarters": None})
    assert figures_of(reported)[2:4] == (6, False)
    assert reported.field_sources["runway_quarters"]["source"] == "derived"


def test_an_emptied_figure_leaves_what_rests_on_it_unknown(reported):
    caller("admin").patch(f"companies/{reported.pk}/", {"cash_position_usd": None})
    assert figures_of(reported) == (None, 100, None, None, None)
    assert reported.field_sources["runway_quarters"]["note"] == "depends_on_an_unknown_figure"
    assert refresh_company_figures(day=ledger_day(), company_ids=[reported.pk]) == 0


def test_figure_taken_back_is_the_filings_again_with_its_runway(reported):
    notes = reported.field_sources
    edit_over_api(reported, cash_position_usd=300)
    change = reported.history.order_by("-pgh_id").first()
    browser = Browser()
    browser.force_login(User.objects.create_superuser("b"))
    page = reverse("admin:companies_company_history", args=[reported.pk])
    assert f"{change.pgh_id}/revert/?field=runway_quarters" not in browser.get(page).content.decode()
    address = reverse("admin:companies_company_revert", args=[reported.pk, change.pgh_id])
    assert browser.post(address, {"confirmed": "yes", "reason": "a slip"}).status_code == 302
    assert figures_of(reported) == (1200, 100, 12, False, -1050)
    assert reported.field_sources == notes


def test_public_float_stands_in_for_a_market_cap_after_an_edit_too(reported):
    report(reported, ago(310), public_float=700)
    Company.objects.filter(pk=reported.pk).update(market_cap_usd=None, market_cap_as_of=None)
    edit_over_api(reported, total_debt_usd=200)
    assert figures_of(reported)[4] == 700 + 200 - 1200
    assert "public float" in reported.field_sources["enterprise_value_usd"]["note"]


def test_figures_beyond_all_scale_leave_the_enterprise_value_unknown(reported):
    edit_over_api(reported, market_cap_usd="999999999999999999", total_debt_usd="999999999999999999")
    assert figures_of(reported)[4] is None


def test_page_says_what_followed_and_shows_it(reported):
    browser = Browser()
    browser.force_login(User.objects.create_superuser("c"))
    page = reverse("admin:companies_company_change", args=[reported.pk])
    shown = browser.get(page).context["adminform"].form.initial
    sent = {name: value for name, value in shown.items() if value not in (None, "", [], {}, False)}
    typed = {"quarterly_burn_rate_usd": 400, "change_reason": "as filed", "_continue": "1"}
    after = browser.post(page, {**sent, **NO_INLINES, **typed}, follow=True)
    assert "Derived anew: runway, quarters: 12.00 → 3.00; cash-constrained: no → yes." in after.content.decode()
    assert after.context["adminform"].form.initial["runway_quarters"] == 3


def test_figures_of_a_company_added_by_hand_stand_and_have_a_runway(db):
    browser = Browser()
    browser.force_login(User.objects.create_superuser("d"))
    sent = {"name": "By Hand", "role": "target", "cash_position_usd": "10", "quarterly_burn_rate_usd": "4"}
    lists = {
        f"{prefix}-{part}": "0"
        for prefix in ("drug_candidates", "aliases")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    answer = browser.post(reverse("admin:companies_company_add"), {**sent, **lists, **NO_INLINES})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = caller("admin").post(
        "companies/", {"name": "By Key", "cash_position_usd": "10", "quarterly_burn_rate_usd": "4"}
    )
    assert made.status == 201, made.text
    for company in Company.objects.all():
        assert figures_of(company)[:4] == (10, 4, Decimal("2.5"), True)
        assert curated(company) == [("liquid_funds", 10), ("quarterly_burn", 4)]
        refresh_company_figures(day=ledger_day(), company_ids=[company.pk])
        assert figures_of(company)[:4] == (10, 4, Decimal("2.5"), True)


def test_a_corrected_figure_of_the_ledger_shows_as_of_today_as_in_the_row(reported):
    fact = FinancialFact.objects.get(company=reported, concept="cash")
    correct_fact(fact=fact, value=Decimal(400), reason="a slip of the filing")
    assert figures_of(reported)[:3] == (400, 100, 4)
    for day, cash, runway in ((today(), "400.00", 4.0), (ago(1), "1200.00", 12.0)):
        shown = caller("admin").get(f"companies/{reported.pk}/", as_of=day.isoformat()).json
        assert (shown["cash_position_usd"], shown["runway_quarters"]) == (cash, runway), day
