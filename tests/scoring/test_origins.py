"""An input that is an analyst's says so where a score is explained: who set it, and the reason given."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pghistory
import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from biotech_ma.core import services
from scoring.admin_explanation import explanation_table
from scoring.admin_match_detail import edited_table
from scoring.models import AcquirerMatch, MAScore
from scoring.services import score_universe
from signals_app.entries import note_entries
from signals_app.models import FinancialFact
from signals_app.services import record_signal
from tests.admin_rows import EXPLANATION
from tests.factories import AcquirerMatchFactory, MAScoreFactory
from tests.scoring.universe import DAY, candidate, company, moment, research, small_universe

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(db):
    return User.objects.create_user("anna")


def explained(of) -> str:
    return explanation_table(MAScore.objects.select_related("company").get(company=of))


def test_a_phase_a_designation_and_a_milestone_name_their_author_and_reason(anna):
    target = company("EDIT")
    lead, other = candidate(target, "phase_2"), candidate(target, "phase_1")
    for row, values, reason in (
        (other, {"phase": "phase_2"}, "Another drug's"),
        (lead, {"phase": "phase_3"}, "Read the 8-K"),
        (lead, {"orphan_designation": True}, "FDA's list"),
        (lead, {"next_milestone_date": dt.date(2026, 10, 1)}, "Delayed"),
    ):
        with pghistory.context(user=anna.pk):
            services.change(row=row, values=values, reason=reason)
    line = {**EXPLANATION["contributions"][0], "source": "curated", "detail": f"phase_3: {lead.name} in Obesity"}
    inputs = [("pipeline", "lead_stage"), ("pipeline", "next_completion"), ("regulatory", "orphan")]
    lines = [{**line, "component": component, "feature": feature} for component, feature in inputs]
    MAScoreFactory(company=target, metadata={**EXPLANATION, "contributions": lines})
    text = explained(target)
    for reason in ("Read the 8-K", "FDA&#x27;s list", "Delayed"):
        assert f"“{reason}” (anna)" in text, reason
    assert "Another drug" not in text
    assert reverse("admin:companies_drugcandidate_history", args=[lead.pk]) in text


def test_a_corrected_spending_and_an_analysts_event_name_their_author_and_reason(anna):
    small_universe(3)
    target = company("EDIT")
    candidate(target)
    research(target, 50_000_000)
    research(target, 70_000_000, known="2026-06-20", form="curated", source="analyst", accession=None)
    told = moment("2026-06-01")
    with pghistory.context(user=anna.pk, reason="Restated in the 10-K/A"):
        note_entries(facts=[FinancialFact.objects.get(source="analyst").pk])
    with pghistory.context(user=anna.pk):
        record_signal(
            company=target, signal_type="clinical_hold", title="Hold", event_date=told, available_at=told,
            reason="Heard on the call",
        )  # fmt: skip
    score_universe(day=DAY)
    text = explained(target)
    assert "“Heard on the call” (anna)" in text
    assert "“Restated in the 10-K/A” (anna)" in text


def test_a_match_names_who_set_funds_debt_and_areas_of_its_parties(anna):
    target, buyer = company("EDIT"), company("BUY", role="acquirer")
    match = AcquirerMatchFactory(target_company=target, acquirer_company=buyer)
    assert edited_table(match) == ""
    with pghistory.context(user=anna.pk):
        services.change(row=buyer, values={"cash_position_usd": Decimal(9)}, reason="Bond placed")
    services.change(row=target, values={"therapeutic_areas": ["oncology"]}, reason="New strategy")
    text = edited_table(AcquirerMatch.objects.get(pk=match.pk))
    assert "BUY, liquid funds, USD: “Bond placed” (anna)" in text
    assert "EDIT, therapeutic areas: “New strategy” (SQL as" in text
