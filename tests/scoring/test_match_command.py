"""`match`: what it writes and prints, and the lines in which it refuses."""

from __future__ import annotations

import datetime as dt
import json
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from biotech_ma.core import news
from companies.services import archive_company
from scoring.matching.services import match_day
from scoring.models import AcquirerMatch, MAScore
from scoring.services import MATCHES
from tests.scoring.buyers import acquirer, buyer, fact, funds, target, tell
from tests.scoring.universe import DAY, candidate, company

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    call_command("match", "--as-of", str(DAY), *arguments)
    return capsys.readouterr()


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, "--json", *arguments)[0])
    return found


def test_match_writes_the_terms_the_reason_and_the_range_of_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    made, who = target(), buyer()
    tell(made, "partnership", "2024-03-01", partner="Ay Pharma", kind="licence", drug="TEE-1")
    run(capsys)
    row = AcquirerMatch.objects.get()
    assert (row.target_company, row.acquirer_company, row.acquirer_ticker) == (made, who, "AYP")
    assert (row.acquirer_name, row.match_date, row.match_rank, row.is_top_match) == ("Ay Pharma plc", DAY, 1, True)
    # one area, one indication, both the same: T 1. No region of the target's. F (1.0 + 1.8 - 1.3) / (3.3 - 0.3) = .5.
    # C 40 %, all oncology. H at least .8, for the licence.
    assert row.therapeutic_overlap_score == 10
    assert row.geographic_fit_score is None
    assert row.financial_capacity_score == 5
    assert row.historical_ma_score == 8
    # (.35 + .20 x .5 + .20 x .4 + .15 x .8) / .90 = .722222
    assert row.strategic_fit_score == Decimal("7.2222")
    assert row.metadata["left_out"] == ["geography"]
    assert [term["term"] for term in row.metadata["terms"]] == [
        "therapeutic", "geography", "capacity", "cliff", "history",
    ]  # fmt: skip
    assert row.metadata["terms"][3]["value"] == "0.4000"
    assert row.metadata["terms"][3]["evidence"][0]["source_url"] == "https://example.org/filing"
    assert row.metadata["feasibility"] == "feasible"
    assert row.metadata["antitrust"] == [
        {"indication": "Breast cancer", "approved_drug": "AYPmab", "drug": "TEE-1", "phase": "phase_3"}
    ]
    assert row.synergy_rationale.startswith(
        "Ay Pharma and TEE Bio have ties already: a licence agreement on TEE-1 since"
    )
    assert row.key_assets_of_interest == ["TEE-1"]
    worth = row.estimated_valuation_range_usd
    # cap: 2,420, 2,840, 3,540; phase 3 deals: 1,656 + 300 - 100 = 1,856 ($m)
    assert (worth["low"], worth["mid"], worth["high"]) == ("2138000000", "2348000000", "2698000000")
    assert [method["method"] for method in worth["methods"]] == ["premium", "stage_comparables"]
    assert worth["left_out"] == {"rnpv": "no peak sales are sourced"}


def test_range_below_the_market_cap_is_marked_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    target(cap=5_000_000_000)
    buyer()
    worth = as_json(capsys)["matches"][0]["estimated_valuation_range_usd"]
    # phase 3 deals: 1,656 + 300 - 100 = 1,856 ($m); premium: 6,050, 7,100, 8,850
    assert worth["market_cap"] == "5000000000.00"
    assert worth["by_method"] == {
        "premium": {"low": "6050000000", "mid": "7100000000", "high": "8850000000"},
        "stage_comparables": dict.fromkeys(("low", "mid", "high"), "1856000000"),
    }
    assert "Deals of the stage ($1.9bn): below the market cap of $5.0bn. That takes the middle" in worth["caveat"]
    out = " ".join(run(capsys, "--company", "TEE")[0].split())
    assert "$4.5bn<" in out
    assert "left out: no peak" in out
    assert worth["caveat"] in out


def test_range_above_the_market_cap_has_no_mark(capsys: pytest.CaptureFixture[str]) -> None:
    target(cap=1_000_000_000)
    buyer()
    assert as_json(capsys)["matches"][0]["estimated_valuation_range_usd"]["caveat"] == ""
    assert "bn<" not in run(capsys, "--company", "TEE")[0]


def test_same_day_gives_the_same_bytes_after_later_facts_and_touches_no_row(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, who = target(), buyer()
    target("TWO")
    first = run(capsys, "--json")[0]
    before = list(AcquirerMatch.objects.order_by("id").values_list("id", "updated_at"))
    tell(who, "takeover_acquirer", "2026-07-01", target="Later, Inc.")
    tell(made, "partnership", "2026-07-01", partner="Ay Pharma plc", kind="licence")
    fact(who, "cash", 9 * 10**9, known="2026-07-01", accession="restated")
    assert run(capsys, "--json")[0] == first
    assert list(AcquirerMatch.objects.order_by("id").values_list("id", "updated_at")) == before


def test_json_holds_no_ids_or_clock_times(capsys: pytest.CaptureFixture[str]) -> None:
    made, who = target(), buyer()
    out = run(capsys, "--json")[0]
    found = json.loads(out)
    assert set(found) == {"match_date", "targets", "acquirers", "weights", "methodology", "matches"}
    assert (found["targets"], found["acquirers"]) == (1, 1)
    assert sum(Decimal(weight) for weight in found["weights"].values()) == 1
    assert str(made.pk) not in out
    assert str(who.pk) not in out
    assert found["matches"][0]["terms"]["capacity"] == "0.5000"


def test_top_matches_are_the_best_three_that_can_pay_of_ranked_targets_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    target()
    bare = company("BARE", cap=None)
    candidate(bare, "discontinued")
    for index in range(4):
        buyer(f"B{index}", f"Buyer {index}")
    poor = acquirer("POOR", "Poor")
    candidate(poor, "approved", indication="Breast cancer", therapeutic_area="oncology")
    funds(poor, liquid=0, ebitda=0)
    matches = as_json(capsys)["matches"]
    best = [row["acquirer_name"] for row in matches if row["is_top_match"]]
    assert best == ["Buyer 0", "Buyer 1", "Buyer 2"]
    assert {row["target_ticker"] for row in matches} == {"TEE", "BARE"}
    last = next(row for row in matches if (row["target_ticker"], row["acquirer_ticker"]) == ("TEE", "POOR"))
    assert (last["feasibility"], last["match_rank"], last["is_top_match"]) == ("infeasible", 5, False)


def test_pair_that_is_none_any_more_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = target("ONE"), target("TWO")
    buyer()
    run(capsys)
    tell(first, "takeover_target", "2026-06-29")
    run(capsys)
    assert set(AcquirerMatch.objects.values_list("target_company", flat=True)) == {second.pk}


def test_archiving_changes_no_earlier_day(capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = target("ONE"), target("TWO")
    who = buyer()
    shown = as_json(capsys)
    before = set(AcquirerMatch.objects.values_list("id", "updated_at"))
    archive_company(row=first)
    archive_company(row=who)
    assert as_json(capsys) == shown
    assert set(AcquirerMatch.objects.values_list("id", "updated_at")) == before
    assert not AcquirerMatch.objects.of_live_targets().exists()


def test_company_option_narrows_what_is_shown_to_a_target_or_an_acquirer(capsys: pytest.CaptureFixture[str]) -> None:
    target("ONE")
    target("TWO")
    buyer("AYP")
    buyer("BYP", "By Pharma")
    found = as_json(capsys, "--company", "one")["matches"]
    assert {(row["target_ticker"], row["acquirer_ticker"]) for row in found} == {("ONE", "AYP"), ("ONE", "BYP")}
    found = as_json(capsys, "--company", "BYP")["matches"]
    assert {(row["target_ticker"], row["acquirer_ticker"]) for row in found} == {("ONE", "BYP"), ("TWO", "BYP")}
    assert AcquirerMatch.objects.count() == 4


def test_results_go_to_stdout_and_progress_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    target()
    buyer()
    out, err = run(capsys)
    assert "TEE" in out
    assert "1 targets, 1 acquirers, 1 matches kept" in " ".join(out.split())
    assert "Matching 1 targets with 1 acquirers" in err
    assert "Matching" not in out


@pytest.mark.parametrize("number", [1, 6])
def test_match_takes_a_fixed_number_of_statements(number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        target(f"T{index}")
        buyer(f"B{index}", f"Buyer {index}")
    with django_assert_num_queries(42):
        match_day(day=DAY)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as-of", "yesterday"], "'yesterday' is not a day; write it as YYYY-MM-DD"),
        (["--as-of", "2999-01-01"], "2999-01-01 lies in the future"),
        (["--as-of", "1999-01-01"], "nothing was known on 1999-01-01: the first figure is of"),
        (["--as-of", str(DAY), "--company", "TEA"], "no live company has the ticker or id 'TEA'; near: TEE"),
        (["--as-of", str(DAY), "--company", "OUT"], "its role is excluded"),
        (["--wrong"], "unrecognized arguments: --wrong"),
    ],
)
def test_bad_input_is_one_line_before_any_work_and_writes_nothing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target()
    buyer()
    company("OUT", role="excluded")
    with pytest.raises(CommandError) as refused:
        call_command("match", *arguments)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capsys.readouterr().err == ""
    assert not AcquirerMatch.objects.exists()


def test_nobody_to_match_is_said_in_one_line() -> None:
    with pytest.raises(CommandError, match="there is no target to match on 2026-06-30"):
        call_command("match", "--as-of", str(DAY))
    target()
    with pytest.raises(CommandError, match="there is no acquirer on 2026-06-30; give a company the role acquirer"):
        call_command("match", "--as-of", str(DAY))


def test_two_unlisted_acquirers_of_one_name_are_refused_for_matches_are_kept_by_name() -> None:
    target()
    acquirer(None, "Twin Capital")
    acquirer(None, "Twin Capital")
    with pytest.raises(CommandError, match="two acquirers without a ticker are named 'Twin Capital'"):
        call_command("match", "--as-of", str(DAY))


def test_match_before_score_feeds_strategic_fit(capsys: pytest.CaptureFixture[str]) -> None:
    target()
    buyer()
    run(capsys)
    call_command("score", "--as-of", str(DAY))
    score = MAScore.objects.get(company__ticker="TEE")
    fit = AcquirerMatch.objects.get().strategic_fit_score
    assert score.strategic_fit_score == fit * 10


def test_matching_tells_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, str]] = []
    monkeypatch.setattr(news, "_listeners", {})
    news.when_told(MATCHES, lambda span, **about: told.append(about))
    target()
    buyer()
    match_day(day=DAY)
    assert told == [{"match_date": DAY.isoformat()}]


@pytest.mark.django_db(transaction=True)
def test_two_matchers_at_once_wait_for_each_other() -> None:
    target()
    buyer()
    failures: list[BaseException] = []

    def match() -> None:
        try:
            match_day(day=DAY)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=match) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert AcquirerMatch.objects.count() == 1


def test_without_a_day_stale_figures_lead_to_the_data_s_own_day(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target()
    buyer()
    monkeypatch.setattr("scoring.services.market_today", lambda: dt.date(2026, 11, 22))
    call_command("match", "--json")
    out, err = capsys.readouterr()
    assert json.loads(out)["match_date"] == "2026-06-01"
    assert "the data's own day is 2026-06-01 and is matched instead" in err
