"""`explain`: one score, down to the source of each number, adding up exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from companies.models import Company
from scoring.explanation import NotExplained, explanation_of
from scoring.models import MAScore
from tests.factories import MAScoreFactory
from tests.scoring.universe import DAY, candidate, company, research, signal, small_universe

pytestmark = pytest.mark.django_db


@pytest.fixture
def axon() -> Company:
    small_universe(4)
    target = company("AXON", cik="0000000077")
    candidate(target, "phase_3", name="AX-1", orphan_designation=True, patent_expiry="2040-01-01")
    research(target, 120_000_000)
    signal(target, "designation_fast_track", "2026-01-05", drug="AX-1")
    call_command("score", "--as-of", str(DAY))
    return target


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    call_command("explain", *arguments, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_explanation_adds_up_exactly(axon: Company, capsys: pytest.CaptureFixture[str]) -> None:
    found = explain(capsys, "AXON")
    parts = sum(Decimal(part["contribution"]) for part in found["contributions"])
    assert Decimal(found["baseline"]) + parts == Decimal(found["total_score"])
    assert Decimal(found["total_score"]) == MAScore.objects.get(company=axon).total_score
    assert {"ticker", "score_date", "score_version", "total_score", "baseline", "confidence", "contributions"} <= set(
        found
    )
    required = {"component", "feature", "value", "median", "contribution", "source", "date", "imputed"}
    assert all(required <= set(part) for part in found["contributions"])
    for part in found["contributions"]:
        worked_out = Decimal(part["weight"]) * (Decimal(part["value"]) - Decimal(part["median"]))
        assert abs(worked_out - Decimal(part["contribution"])) < Decimal("0.0003")


def test_explanation_names_source_and_day_of_each_number(axon: Company, capsys: pytest.CaptureFixture[str]) -> None:
    parts = {part["feature"]: part for part in explain(capsys, "AXON")["contributions"]}
    assert parts["lead_stage"]["source"] == "starter: nct:NCT01234567"
    assert parts["lead_stage"]["source_url"] == "https://clinicaltrials.gov/study/NCT01234567"
    assert parts["lead_stage"]["detail"] == "phase_3: AX-1 in Obesity"
    assert parts["research_spending"]["source"].startswith("edgar: 0000000001-2026-03-31")
    assert parts["research_spending"]["date"] == "2026-05-10"
    assert parts["fast_track"]["source_url"] == "https://example.org/"
    assert parts["size"]["date"] == "2026-06-01"
    assert parts["next_completion"] | {"source": None, "imputed": True} == parts["next_completion"]


@pytest.mark.parametrize("way", ["axon", " AXON ", "id"])
def test_company_is_found_by_ticker_in_any_case_and_by_id(
    axon: Company, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    assert explain(capsys, str(axon.pk) if way == "id" else way)["ticker"] == "AXON"


def test_unlisted_company_is_explained_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    target = company(None)
    assert explain(capsys, str(target.pk), "--as-of", str(DAY))["ticker"] is None


def test_day_without_a_score_is_worked_out_and_not_written(axon: Company, capsys: pytest.CaptureFixture[str]) -> None:
    found = explain(capsys, "AXON", "--as-of", "2026-06-15")
    assert found["score_date"] == "2026-06-15"
    assert not MAScore.objects.exclude(score_date=DAY).exists()


def test_terminal_shows_waterfall_gaps_and_unfed_components(axon: Company, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    call_command("explain", "AXON")
    shown = capsys.readouterr().out
    assert "█" in shown
    assert str(MAScore.objects.get(company=axon).total_score) in shown
    assert "transparent ranking, not validated" in shown
    assert "Next completion or decision: no date is recorded" in shown
    assert "set the next milestone's date" in shown
    assert "Strategic fit" in shown
    assert "https://clinicaltrials.gov/study/NCT01234567" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["AXNO"], "no live company has the ticker or id 'AXNO'; near: AXON"),
        (["AXON", "--as-of", "soon"], "'soon' is not a day"),
        (["AXON", "--as-of", "2999-01-01"], "lies in the future"),
        (["NEVER"], "NEVER Bio (NEVER) has no score yet: run score"),
        (["BUYER"], "its role is acquirer"),
        ([], "the following arguments are required: TICKER"),
    ],
)
def test_bad_input_is_one_line(axon: Company, arguments: list[str], message: str) -> None:
    company("NEVER")
    company("BUYER", role="acquirer")
    with pytest.raises(CommandError) as refused:
        call_command("explain", *arguments)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_company_under_offer_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2)
    target = company("DEAL")
    signal(target, "takeover_target", "2026-06-01")
    with pytest.raises(CommandError, match="a takeover was announced"):
        call_command("explain", "DEAL", "--as-of", str(DAY))


def test_score_made_by_hand_carries_no_explanation() -> None:
    with pytest.raises(NotExplained, match="carries no explanation"):
        explanation_of(MAScoreFactory())
