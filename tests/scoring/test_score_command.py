"""`score`: what it writes and prints, and the lines in which it refuses."""

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
from scoring import services
from scoring.models import MAScore, ScoreVersion, ScoreWeight
from scoring.record import contributions_of
from scoring.services import score_universe
from signals_app.models import FinancialFact
from tests.scoring.universe import DAY, candidate, company, moment, research, signal, small_universe

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    call_command("score", *arguments)
    return capsys.readouterr()


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, "--json", "--as-of", str(DAY), *arguments)[0])
    return found


def test_first_version_is_seeded_with_reasons_and_weights_of_one() -> None:
    weights = ScoreWeight.objects.filter(score_version__version="1", score_version__status="published")
    assert sum(weight.weight for weight in weights) == 1
    assert all("udgement" in weight.reason for weight in weights)


def test_score_writes_a_row_a_target_that_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(4)
    company("BUYER", role="acquirer")
    run(capsys, "--as-of", str(DAY))
    rows = list(MAScore.objects.filter(score_date=DAY))
    assert len(rows) == 4
    for row in rows:
        parts = contributions_of(row) or []
        assert len(parts) == 11
        assert (
            Decimal(row.metadata["baseline"]) + sum(Decimal(part["contribution"]) for part in parts) == row.total_score
        )
        assert row.insider_score is None
        assert row.strategic_fit_score is None
        assert row.metadata["unfed"] == ["insider", "patent", "strategic_fit"]
        assert row.metadata["methodology"] == "transparent ranking, not validated"
        assert all(Decimal(part["contribution"]) > 0 for part in row.key_drivers)
        assert all(Decimal(part["contribution"]) < 0 for part in row.risk_factors)
        assert row.is_latest


def test_score_ranks_with_equal_ties_and_leaves_insufficient_data_out(capsys: pytest.CaptureFixture[str]) -> None:
    for ticker, phase in (("LOW", "phase_1"), ("TIE1", "phase_2"), ("TIE2", "phase_2"), ("TOP", "phase_3")):
        target = company(ticker)
        candidate(target, phase, orphan_designation=False)
        research(target, 50_000_000)
    candidate(company("EMPTY", cap=None), "phase_1")
    found = {row["ticker"]: row for row in as_json(capsys)["scores"]}
    assert found["LOW"]["percentile_rank"] == "0.0000"
    assert found["TIE1"]["percentile_rank"] == found["TIE2"]["percentile_rank"] == "33.3333"
    assert found["TOP"]["percentile_rank"] == "100.0000"
    assert found["EMPTY"]["percentile_rank"] is None
    assert found["EMPTY"]["total_score"] is not None
    assert found["TOP"]["insider_score"] is None


def test_same_day_gives_the_same_bytes_after_later_facts(capsys: pytest.CaptureFixture[str]) -> None:
    targets = small_universe(5)
    first = run(capsys, "--json", "--as-of", str(DAY))[0]
    for target in targets:
        research(target, 900_000_000, end="2026-06-30", known="2026-07-01", accession="later")
        research(target, 800_000_000, known="2026-07-02", accession="restated")
        signal(target, "clinical_hold", "2026-07-01")
        signal(target, "takeover_target", "2026-07-01")
    run(capsys, "--as-of", str(DAY - dt.timedelta(days=31)))
    assert run(capsys, "--json", "--as-of", str(DAY))[0] == first


def test_scoring_again_touches_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(3)
    run(capsys, "--as-of", str(DAY))
    before = list(MAScore.objects.order_by("id").values_list("id", "updated_at"))
    run(capsys, "--as-of", str(DAY))
    assert list(MAScore.objects.order_by("id").values_list("id", "updated_at")) == before


@pytest.mark.parametrize("number", [3, 30])
def test_score_takes_a_fixed_number_of_statements(number: int, django_assert_num_queries: Any) -> None:
    small_universe(number)
    with django_assert_num_queries(34):
        score_universe(day=DAY)


def test_scoring_tells_of_the_day_and_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, str]] = []
    monkeypatch.setattr(news, "_listeners", {})
    news.when_told(services.SCORES, lambda span, **about: told.append(about))
    small_universe()
    score_universe(day=DAY)
    assert told == [{"score_date": DAY.isoformat(), "score_version": services.weights_of(None)[0]}]


def test_older_day_scored_later_keeps_latest_and_sets_changes(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2, as_of="2026-05-01")
    run(capsys, "--as-of", str(DAY))
    assert set(MAScore.objects.values_list("score_change_30d", flat=True)) == {None}
    earlier = DAY - dt.timedelta(days=31)
    run(capsys, "--as-of", str(earlier))
    assert set(MAScore.objects.filter(is_latest=True).values_list("score_date", flat=True)) == {DAY}
    for row in MAScore.objects.filter(score_date=DAY):
        before = MAScore.objects.get(company=row.company_id, score_date=earlier)
        assert row.score_change_30d == row.total_score - before.total_score
        assert row.score_change_90d is None


def test_company_that_is_no_target_any_more_loses_its_score_of_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    today = services.market_today()
    first, second, _ = small_universe(3)
    run(capsys, "--as-of", str(today))
    first.role = "excluded"
    first.save()
    archive_company(row=second)
    found = json.loads(run(capsys, "--json", "--as-of", str(today))[0])
    assert [row["ticker"] for row in found["scores"]] == ["T002"]
    # it was a target before
    assert [row["ticker"] for row in as_json(capsys)["scores"]] == ["T002", "T001", "T000"]


def test_company_option_narrows_what_is_shown_and_not_what_is_scored(capsys: pytest.CaptureFixture[str]) -> None:
    targets = small_universe(3)
    found = as_json(capsys, "--company", "t001", "--company", str(targets[2].pk))
    assert {row["ticker"] for row in found["scores"]} == {"T001", "T002"}
    assert MAScore.objects.count() == 3


def test_json_holds_no_ids_or_clock_times(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2)
    found = as_json(capsys)
    assert set(found) == {"score_date", "score_version", "methodology", "unfed", "scores"}
    assert set(found["scores"][0]) == {
        "ticker", "cik", "total_score", "percentile_rank", "confidence", "pipeline_score", "patent_score",
        "financial_score", "insider_score", "strategic_fit_score", "regulatory_score",
    }  # fmt: skip


@pytest.mark.parametrize("how", [["--even-stale"], ["--as-of", "2026-11-22"]])
def test_stale_figures_are_said_on_stderr_with_the_day_to_use(
    how: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_universe(2)
    monkeypatch.setattr(services, "market_today", lambda: dt.date(2026, 11, 22))
    out, err = run(capsys, "--json", *how)
    assert json.loads(out)["score_date"] == "2026-11-22"
    assert "2 of 2 reporting targets are older than 200 days" in err
    assert "--as-of 2026-06-01" in err
    assert run(capsys, "--json", "--as-of", str(DAY))[1] == ""


def test_today_with_stale_figures_scores_the_data_s_own_day_and_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_universe(2)
    monkeypatch.setattr(services, "market_today", lambda: dt.date(2026, 11, 22))
    out, err = run(capsys, "--json")
    own = services.data_day()
    assert own < dt.date(2026, 11, 22)
    assert json.loads(out)["score_date"] == str(own)
    assert f"the data's own day is {own} and is scored instead" in err
    assert set(MAScore.objects.filter(is_latest=True).values_list("score_date", flat=True)) == {own}


def test_today_with_current_figures_needs_no_day(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_universe(2)
    monkeypatch.setattr(services, "market_today", lambda: DAY)
    out, err = run(capsys, "--json")
    assert (json.loads(out)["score_date"], err) == (str(DAY), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as-of", "yesterday"], "'yesterday' is not a day; write it as YYYY-MM-DD"),
        (["--as-of", "2026-02-30"], "'2026-02-30' is not a day"),
        (["--as-of", "2999-01-01"], "2999-01-01 lies in the future"),
        (["--as-of", "1999-01-01"], "nothing was known on 1999-01-01: the first figure is of 2026-05-10"),
        (["--version", "9"], "no weights of version '9'; versions: 1"),
        (["--company", "T0O1"], "no live company has the ticker or id 'T0O1'; near: T001"),
        (["--company", "BUYER"], "its role is acquirer"),
        (["--wrong"], "unrecognized arguments: --wrong"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments: list[str], message: str) -> None:
    small_universe(2)
    company("BUYER", role="acquirer")
    with pytest.raises(CommandError) as refused:
        call_command("score", *arguments)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not MAScore.objects.exists()


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    small_universe(1)
    version = ScoreVersion.objects.create(version="2")
    ScoreWeight.objects.create(score_version=version, component="pipeline", weight=Decimal("0.9"), reason="half a set")
    with pytest.raises(CommandError, match=r"version 2: the weights .* sum to one"):
        call_command("score", "--version", "2", "--as-of", str(DAY))
    assert not MAScore.objects.exists()


def test_draft_version_does_not_take_the_latest_flag(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(1)
    version = ScoreVersion.objects.create(version="2")
    ScoreWeight.objects.create(score_version=version, component="pipeline", weight=1, reason="only this")
    run(capsys, "--as-of", str(DAY))
    run(capsys, "--as-of", str(DAY), "--version", "2")
    assert list(MAScore.objects.filter(is_latest=True).values_list("score_version", flat=True)) == ["1"]
    assert MAScore.objects.count() == 2


def test_no_target_is_said_in_one_line() -> None:
    with pytest.raises(CommandError, match="there is no target to score"):
        call_command("score", "--as-of", str(DAY))


@pytest.mark.django_db(transaction=True)
def test_two_scorers_at_once_leave_one_latest_score_a_company() -> None:
    small_universe(5, as_of="2026-05-01")
    failures: list[BaseException] = []

    def score(day: dt.date) -> None:
        try:
            score_universe(day=day)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=score, args=(DAY - dt.timedelta(days=days),)) for days in (0, 0, 31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert MAScore.objects.count() == 10
    assert set(MAScore.objects.filter(is_latest=True).values_list("score_date", flat=True)) == {DAY}
    assert all(row.score_change_30d is not None for row in MAScore.objects.filter(is_latest=True))


def test_company_of_which_nothing_is_known_is_one_line_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2)
    company("VOID", cap=None)
    for command in (("score", "--company", "VOID"), ("explain", "VOID")):
        with pytest.raises(CommandError) as refused:
            call_command(*command, "--as-of", str(DAY))
        assert str(refused.value) == (
            "nothing is known of VOID Bio (VOID) by 2026-06-30: no figure, market cap, candidate or event; "
            "ingest its figures (edgar-facts) or add its candidates"
        )
        assert not MAScore.objects.exists()
    out, err = run(capsys, "--json", "--as-of", str(DAY))
    assert [row["ticker"] for row in json.loads(out)["scores"]] == ["T001", "T000"]
    assert err == "left out, for nothing is known of them by 2026-06-30: VOID\n"


def test_universe_of_which_nothing_is_known_is_refused() -> None:
    company("VOID", cap=None)
    with pytest.raises(CommandError, match="there is no target of which anything is known by 2026-06-30"):
        call_command("score", "--as-of", str(DAY))


def test_negative_equity_and_no_burn_do_not_score(capsys: pytest.CaptureFixture[str]) -> None:
    target, *_ = small_universe(3)
    before = run(capsys, "--json", "--as-of", str(DAY))[0]
    for concept, value in (("stockholders_equity", -900_000_000), ("operating_cash_flow", 0), ("cash", 0)):
        FinancialFact.objects.create(
            company=target, concept=concept, period_end="2026-03-31", value=Decimal(value), unit="USD", form="10-Q",
            period_start="2025-04-01" if concept == "operating_cash_flow" else None,
            available_at=moment("2026-05-10"),
        )  # fmt: skip
    assert run(capsys, "--json", "--as-of", str(DAY))[0] == before


def test_market_cap_of_zero_scores_no_size(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2)
    candidate(company("ZERO", cap=0), "phase_2")
    run(capsys, "--as-of", str(DAY))
    [size] = [
        part
        for part in contributions_of(MAScore.objects.get(company__ticker="ZERO")) or []
        if part["feature"] == "size"
    ]
    assert (size["value"], size["detail"], size["imputed"]) == ("0.0000", "market cap $0.0M", False)


def test_a_market_cap_that_an_analyst_sets_to_zero_is_not_passed_over_for_an_older_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    target, *_ = small_universe(3)
    for value, form, known in ((700_000_000, None, "2026-06-01"), (0, "curated", "2026-06-02")):
        FinancialFact.objects.create(
            company=target, concept="market_cap", period_end="2026-06-01", value=Decimal(value), unit="USD", form=form,
            source="analyst" if form else "prices", available_at=moment(known),
        )  # fmt: skip
    run(capsys, "--as-of", str(DAY))
    parts = contributions_of(MAScore.objects.get(company=target)) or []
    assert [part["detail"] for part in parts if part["feature"] == "size"] == ["market cap $0.0M"]


def test_weights_that_do_not_sum_to_one_name_their_sum() -> None:
    small_universe(1)
    version = ScoreVersion.objects.create(version="2")
    for component, weight in (("pipeline", "0.7"), ("patent", "0.4")):
        ScoreWeight.objects.create(score_version=version, component=component, weight=Decimal(weight), reason="half")
    with pytest.raises(CommandError, match=r"^version 2: the weights .* sum to one; they sum to 1\.1000$"):
        call_command("score", "--version", "2", "--from", "2026-06-01", "--to", "2026-06-03")
    assert not MAScore.objects.exists()
