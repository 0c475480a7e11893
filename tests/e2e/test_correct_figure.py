"""An analyst corrects a figure in a real browser, says why, and sees what rests on it move: runway, then score."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.models import Company
from scoring.models import MAScore
from scoring.services import score_universe
from signals_app.models import FinancialFact
from signals_app.refresh import ledger_day, refresh_company_figures
from tests.e2e.test_admin_browser import log_in, page, pytestmark  # noqa: F401 - the browser's fixture and marks
from tests.factories import CompanyFactory, DrugCandidateFactory
from tests.processes import python

WORKER = """
from django.core.management import call_command
call_command("worker", "--once")
"""
WORKER_SECONDS = 60


def reported(company: Company, today: dt.date, **values: int) -> None:
    end = today - dt.timedelta(days=40)
    for concept, value in values.items():
        is_balance = concept in {"cash", "short_term_investments"}
        FinancialFact.objects.create(
            company=company, concept=concept, period_start=None if is_balance else end - dt.timedelta(days=364),
            period_end=end, value=Decimal(value), unit="USD", form="10-Q", accession=f"0000000001-{end}",
            source="edgar", available_at=start_of(today - dt.timedelta(days=10)),
        )  # fmt: skip


@pytest.fixture
def acme(db: None) -> Company:
    """Write five targets, scored as of yesterday; the one returned has 1.2 bn of funds and burns 100 m a quarter."""
    today = timezone.localdate(timezone=NEW_YORK)
    for number in range(1, 6):
        company = CompanyFactory(
            name=f"Target {number}" if number > 1 else "Acme Therapeutics", ticker=f"TGT{number}",
            market_cap_usd=Decimal(number * 300_000_000), market_cap_as_of=today - dt.timedelta(days=3),
            field_sources={"market_cap_usd": {"source": "prices"}},
        )  # fmt: skip
        DrugCandidateFactory(company=company, phase="phase_3")
        reported(
            company, today, cash=1_200_000_000, short_term_investments=0, operating_cash_flow=-400_000_000,
            research_and_development=200_000_000,
        )  # fmt: skip
    refresh_company_figures(day=ledger_day())
    score_universe(day=today - dt.timedelta(days=1))
    return Company.objects.get(ticker="TGT1")


def say(page: Any, field: str, value: str, why: str) -> None:  # noqa: F811
    page.locator(f"#id_{field}").fill(value)
    page.get_by_label(re.compile("Reason")).fill(why)
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()


def test_an_analyst_corrects_a_figure_with_a_reason_and_sees_the_score_move(page, live_server, acme):  # noqa: F811
    before = MAScore.objects.get(company=acme, is_latest=True)
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/companies/company/{acme.pk}/view/")
    page.get_by_role("link", name="Edit").first.click()
    assert page.locator("#id_runway_quarters").input_value() == "12.00"

    page.locator("#id_headquarters_location").fill("Paris")
    page.locator("#id_quarterly_burn_rate_usd").fill("400m")
    bar = page.get_by_role("region", name="Save the form")
    bar.get_by_text("2 fields changed: Headquarters; Burn, USD a quarter").wait_for()
    bar.get_by_text("(needed for burn, USD a quarter)").wait_for()
    page.locator("#id_headquarters_location").fill("")
    bar.get_by_text("1 field changed: Burn, USD a quarter").wait_for()
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("Say why: the history keeps it").wait_for()
    say(page, "quarterly_burn_rate_usd", "400m", "The CFO's guidance")
    page.get_by_text("Derived anew: runway, quarters: 12.00 → 3.00; cash-constrained: no → yes").wait_for()
    page.get_by_text("No score rests on the burn").wait_for()
    assert page.locator("#id_runway_quarters").input_value() == "3.00"

    # from a tenth of the size that is bought most often to about that size
    say(page, "market_cap_usd", "3bn", "Shares counted by hand")
    page.get_by_text("are worked out anew by the worker").wait_for()
    page.get_by_role("link", name="Page").click()
    page.get_by_text("today's wait for a worker").wait_for()
    with python(WORKER) as worker:
        output = worker.communicate(timeout=WORKER_SECONDS)
        assert worker.returncode == 0, output
    page.reload()
    page.get_by_role("heading", name="Runway and catalysts").wait_for()
    assert page.get_by_text("today's wait for a worker").count() == 0

    after = MAScore.objects.get(company=acme, is_latest=True)
    assert after.score_date == before.score_date + dt.timedelta(days=1)
    assert after.total_score > before.total_score
    score = page.locator(".desk-fact", has_text="Score").first
    assert f"{after.total_score:.1f}" in score.inner_text()
    source = page.locator("tr", has_text="analyst: market cap").first
    assert "Shares counted by hand" in source.inner_text()

    source.get_by_role("link", name=re.compile("analyst")).click()
    for words in ("Shares counted by hand", "The CFO's guidance"):
        page.get_by_text(words).wait_for()
    row = page.locator("tr", has_text="runway, quarters").first
    assert "12" in row.inner_text()
    assert page.complaints == []
