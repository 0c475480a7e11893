"""Matches in the admin: terms with their evidence, valuation by method, flags, and both sides' pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scoring.matching.services import match_day
from scoring.models import AcquirerMatch
from tests.factories import AcquirerMatchFactory
from tests.scoring.buyers import buyer, target, tell
from tests.scoring.universe import DAY

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_match_page_shows_terms_sources_flags_assets_and_valuation(admin_client: Client) -> None:
    made, _ = target(), buyer()
    tell(made, "partnership", "2024-03-01", partner="Ay Pharma", kind="right_of_first_negotiation", drug="TEE-1")
    match_day(day=DAY)
    match = AcquirerMatch.objects.get()
    shown = page(admin_client, "scoring_acquirermatch_change", match.pk)
    assert "Ay Pharma plc for TEE Bio" in shown
    assert "Therapeutic overlap" in shown
    assert "loses exclusivity in 2 to 7 years: AYPmab (40 % of 2025 revenue, oncology) on 2029-06-30" in shown
    assert 'href="https://example.org/filing"' in shown
    assert "no region of a trial or approval of TEE Bio is on record" in shown
    assert "right of first negotiation" in shown
    assert "antitrust question" in shown
    assert "a tie to the acquirer is about it" in shown
    assert "Market cap and premium" in shown
    assert "Left out: no peak sales are sourced" in shown
    assert "$2.4 bn" in shown  # the premium's low end: 2,420
    # the deals of the stage give 1,856 for a cap of 2,000, and the range lies above it all the same: 2,138
    assert "Deals of the stage ($1.9bn): below the market cap of $2.0bn. An offer would start" in shown
    assert "below market" not in shown


def test_range_below_the_market_cap_is_marked_wherever_it_stands(admin_client: Client) -> None:
    made, _ = target(cap=5_000_000_000), buyer()
    match_day(day=DAY)
    words = "Deals of the stage ($1.9bn): below the market cap of $5.0bn. That takes the middle of the range below"
    for name, key in (
        ("scoring_acquirermatch_changelist", None),
        ("companies_company_view", made.pk),
        ("scoring_acquirermatch_change", AcquirerMatch.objects.get().pk),
    ):
        assert words in page(admin_client, name, *([key] if key else []))
    assert "below market" in page(admin_client, "scoring_acquirermatch_changelist")


def test_pages_of_target_and_acquirer_show_who_fits(admin_client: Client) -> None:
    made, who = target(), buyer()
    match_day(day=DAY)
    match = AcquirerMatch.objects.get()
    link = reverse("admin:scoring_acquirermatch_change", args=[match.pk])
    shown = page(admin_client, "companies_company_view", made.pk)
    assert "Likely acquirers" in shown
    assert "Ay Pharma plc" in shown
    assert link in shown
    shown = page(admin_client, "companies_company_view", who.pk)
    assert "Targets that fit" in shown
    assert "TEE Bio" in shown
    assert link in shown


def test_list_opens_with_the_newest_day(admin_client: Client) -> None:
    AcquirerMatchFactory(match_date="2025-01-31", strategic_fit_score=9, acquirer_name="Older Pharma")
    AcquirerMatchFactory(match_date="2025-02-28", strategic_fit_score=1, acquirer_name="Newer Pharma")
    shown = page(admin_client, "scoring_acquirermatch_changelist")
    assert shown.index("Newer Pharma") < shown.index("Older Pharma")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"terms": "none", "relations": 3, "antitrust": [None], "key_assets": {"a": 1}, "feasibility": ["x"]},
        {"terms": [{"label": "<b>T</b>", "value": "much", "weight": "NaN", "evidence": [{"source_url": 5}, "x"]}]},
        {"terms": [{"evidence": [{"source": "s", "source_url": "javascript:alert(1)"}]}], "feasibility": "infeasible"},
    ],
)
def test_rows_of_any_shape_are_shown_without_an_error(admin_client: Client, metadata: dict[str, Any]) -> None:
    worth = {"low": "NaN", "mid": [1], "high": True, "methods": [{"low": "x"}, 7], "left_out": ["rnpv"]}
    match = AcquirerMatchFactory(metadata=metadata, estimated_valuation_range_usd=worth)
    shown = page(admin_client, "scoring_acquirermatch_change", match.pk)
    assert "<b>T</b>" not in shown
    assert 'href="javascript' not in shown
    page(admin_client, "scoring_acquirermatch_changelist")
