"""The score with what is known today, while most figures are too old for today to be scored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from companies.choices import Role
from scoring import edits, provisional
from scoring.models import MAScore
from scoring.services import score_universe
from signals_app.models import FinancialFact
from tests.scoring.universe import DAY, company, moment, research, small_universe

TODAY = dt.date(2026, 12, 1)  # the figures of 31 March are older than 200 days by then

pytestmark = pytest.mark.django_db


@pytest.fixture
def edited(monkeypatch):
    """A target of 10^8.8 dollars, scored on the day, whose market cap an analyst has since set to 10^9.4."""
    small_universe(3)
    target = company("EDIT", cap=630_957_344)
    research(target, 50_000_000)
    score_universe(day=DAY)
    FinancialFact.objects.create(
        company=target, concept="market_cap", period_end="2026-11-30", value=Decimal(2_511_886_432), unit="USD",
        form="curated", source="analyst", available_at=moment("2026-11-30"),
    )  # fmt: skip
    for module in (provisional, edits):
        monkeypatch.setattr(module, "market_today", lambda: TODAY)
    return target, MAScore.objects.get(company=target)


def test_an_edit_moves_the_provisional_score_by_its_weight_and_old_figures_stay_as_they_stood(edited):
    found = provisional.provisional(*edited)
    # Size goes from 100 e^(-1/2) = 60.6531 to 100. Financial weighs 0.2 of the 0.6 that are fed, size half of it.
    assert found is not None
    assert abs(found.points - Decimal("6.5578")) < Decimal("0.0005")
    assert found.total == edited[1].total_score + found.points


def test_the_page_says_what_the_edit_would_make_of_the_score(edited):
    target, score = edited
    target.field_sources = {"market_cap_usd": {"source": "curated", "as_of": "2026-11-30"}}
    said = edits.not_in_yet(target, score)
    assert said.words == f"{score.total_score + Decimal('6.5578'):.1f} (+6.6) with the edit of 2026-11-30"
    assert "most filings are too old, so 2026-12-01 is not scored" in said.why


def test_a_company_that_is_no_target_today_has_none(edited):
    target, score = edited
    target.role = Role.ACQUIRER
    target.save()
    assert provisional.provisional(target, score) is None


def test_a_score_without_explanation_has_none_and_nothing_is_read_for_it(edited, django_assert_num_queries):
    target, score = edited
    score.metadata = {}
    score.key_drivers = score.risk_factors = []
    with django_assert_num_queries(0):
        assert provisional.provisional(target, score) is None
