"""What moved a score in thirty days: each contribution's change and its reason, adding up exactly."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from delivery.services import issue_client
from scoring.changes import Since, changes_of
from scoring.models import MAScore
from scoring.services import score_universe
from tests.factories import MAScoreFactory
from tests.scoring.universe import DAY, candidate, company, research, signal, small_universe

pytestmark = pytest.mark.django_db

EARLIER = DAY - dt.timedelta(days=30)


@pytest.fixture
def moved() -> MAScore:
    """AXON spends more on research and gets a fast-track designation between the two days."""
    small_universe(4, as_of="2026-05-01")
    axon = company("AXON", cik="0000000077", as_of="2026-05-01")
    candidate(axon, "phase_3", name="AX-1", fast_track=None)
    research(axon, 40_000_000, end="2026-03-31", known="2026-05-10")
    score_universe(day=EARLIER)
    research(axon, 120_000_000, end="2026-05-31", known="2026-06-20")
    signal(axon, "designation_fast_track", "2026-06-15", drug="AX-1")
    score_universe(day=DAY)
    return MAScore.objects.select_related("company").get(company=axon, score_date=DAY)


def found(score: MAScore) -> Since:
    since = changes_of(score)
    assert since is not None
    return since


def test_the_change_is_baseline_and_moves_exactly(moved):
    since = found(moved)
    earlier = MAScore.objects.get(company=moved.company, score_date=EARLIER)
    assert (since.day, since.points) == (EARLIER, moved.total_score - earlier.total_score)
    assert since.points > 0
    assert since.baseline_points + sum((each.points for each in since.moved), Decimal(0)) == since.points


def test_each_move_says_why_with_what_was_and_is(moved):
    moves = {each.feature: each for each in found(moved).moved}
    spending = moves["research_spending"]
    # log10 of 40 and of 120 million on 6.5 to 8.5: 55.1 and 78.96.
    assert spending.why.startswith("the company's value went from 55.1 to 79.0")
    assert (spending.before, spending.after) == ("$40.0M in twelve months", "$120.0M in twelve months")
    assert spending.date == dt.date(2026, 6, 20)
    assert spending.points > 0
    designated = moves["fast_track"]
    assert designated.why == "the input became known"
    assert (designated.before, designated.after) == ("none is recorded", "yes")


def test_a_score_without_an_earlier_one_has_no_change(moved):
    assert changes_of(MAScore.objects.filter(score_date=EARLIER).select_related("company").first()) is None
    MAScore.objects.filter(score_date=EARLIER).update(score_date=DAY - dt.timedelta(days=41))
    assert changes_of(moved) is None


def test_an_earlier_score_that_carries_no_explanation_is_none(moved):
    MAScore.objects.filter(score_date=EARLIER, company=moved.company).delete()
    MAScoreFactory(company=moved.company, score_date=EARLIER)
    assert changes_of(moved) is None


def test_insufficient_data_then_is_said(moved):
    assert found(moved).is_comparable
    MAScore.objects.filter(score_date=EARLIER).update(confidence="0.4")
    assert not found(moved).is_comparable


def test_where_nobody_had_a_market_cap_then_there_is_no_change():
    for ticker, cap_day in (("AAAA", "2026-06-10"), ("BBBB", "2026-06-10")):
        target = company(ticker, as_of=cap_day)
        candidate(target, "phase_3", patent_expiry="2040-01-01", orphan_designation=False, fast_track=False)
        research(target, 90_000_000, known="2026-05-01")
    for day in (EARLIER, DAY):
        score_universe(day=day)
    before, after = MAScore.objects.filter(company__ticker="AAAA").select_related("company").order_by("score_date")
    assert "financial.size" in before.metadata["unknown"]
    assert "financial.size" not in after.metadata["unknown"]
    assert min(before.confidence, after.confidence) >= Decimal("0.5")
    assert after.score_change_30d is None
    assert not found(after).is_comparable


def test_command_api_and_admin_tell_the_same_change(moved, capsys):
    call_command("explain", "AXON", "--json")
    told = json.loads(capsys.readouterr().out)["changes_30d"]
    assert Decimal(told["points"]) == found(moved).points
    assert {each["feature"] for each in told["moved"]} >= {"research_spending", "fast_track"}
    call_command("explain", "AXON")
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Since {EARLIER}: {found(moved).points:+}" in printed
    assert "$40.0M in twelve months → $120.0M in twelve months" in printed

    _, key = issue_client(client_name="desk")
    answer = Browser(headers={"X-API-Key": key}).get(f"/api/v1/scores/{moved.pk}/explanation/")
    assert answer.json()["changes_30d"] == told

    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    page = browser.get(reverse("admin:scoring_mascore_change", args=[moved.pk])).content.decode()
    assert "What changed in 30 days" in page
    assert "the input became known" in page


def test_the_waterfall_ends_where_the_total_is(moved):
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    page = browser.get(reverse("admin:scoring_mascore_change", args=[moved.pk])).content.decode()
    steps = page.count('class="desk-fall-up"') + page.count('class="desk-fall-down"')
    assert steps == len(moved.key_drivers) + len(moved.risk_factors) > 0
    assert page.count('class="desk-fall-level"') == 2
    assert f'title="{moved.total_score}"' in page
