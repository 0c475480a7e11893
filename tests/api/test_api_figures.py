"""A company's figures over REST, as known by a day."""

from __future__ import annotations

import datetime as dt

import pytest

from biotech_ma.core.market_day import NEW_YORK
from signals_app.models import FinancialFact
from tests.factories import SignalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(universe):
    for concept, start, end, value, unit, known in (
        ("cash", None, "2025-03-31", 90, "USD", "2025-05-12"),
        ("assets", None, "2025-03-31", 100, "USD", "2025-05-12"),
        ("operating_cash_flow", "2024-04-01", "2025-03-31", -40, "USD", "2025-05-12"),
        ("prefunded_warrants", None, "2025-03-31", 7, "shares", "2025-05-12"),
        ("cash", None, "2025-06-30", 60, "USD", "2025-08-12"),
    ):
        FinancialFact.objects.create(
            company=universe.alpha, concept=concept, period_start=start, period_end=end, value=value, unit=unit,
            form="10-Q", accession=f"a-{known}", source="edgar",
            available_at=dt.datetime.fromisoformat(known).replace(tzinfo=NEW_YORK),
        )  # fmt: skip
    SignalFactory(
        company=universe.alpha, signal_type="financing", title="Offering", signal_data={"net_proceeds_usd": "25"},
        event_date=dt.datetime(2025, 5, 20, tzinfo=NEW_YORK), available_at=dt.datetime(2025, 5, 20, tzinfo=NEW_YORK),
    )  # fmt: skip


def test_figures_are_those_known_by_the_day_with_their_filings(reader, universe, facts):
    found = reader.get("companies/alph/figures/?as_of=2025-06-15").json
    assert (found["company_id"], found["as_of"]) == (str(universe.alpha.pk), "2025-06-15")
    funds, warrants = found["liquid_funds_usd"], found["prefunded_warrants_shares"]
    assert (funds["value"], funds["period_end"], funds["accessions"]) == ("90.0000", "2025-03-31", ["a-2025-05-12"])
    assert (warrants["value"], warrants["sources"]) == ("7.0000", ["edgar"])
    assert (found["runway_quarters"], found["is_cash_constrained"]) == ("9.00", False)  # 90 / (40 / 4)
    assert found["pro_forma"]["liquid_funds_pro_forma_usd"] == "115.0000"
    assert (found["total_debt_usd"], found["unknown"]["total_debt"]) == (None, "not_reported")


def test_figures_before_the_filing_are_unknown(reader, facts):
    found = reader.get("companies/ALPH/figures/?as_of=2025-05-11").json
    assert (found["liquid_funds_usd"], found["runway_quarters"], found["pro_forma"]) == (None, None, None)
    assert found["unknown"]["liquid_funds"] == "not_reported"


def test_figures_of_nobody_and_of_no_day_are_refused(reader, universe):
    reader.get("companies/NOBODY/figures/").is_problem(404)
    reader.get("companies/ALPH/figures/?as_of=yesterday").is_problem(400)
    reader.get("companies/ALPH/figures/?day=2025-01-01").is_problem(400)
    assert reader.get("companies/ALPH/figures/").status == 200
