"""`score --from … --to …`: which days, together as one by one, going on after an end, and the latest flags."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from companies.services import archive_company, restore_company
from scoring import history
from scoring.computing import windows
from scoring.history import Every, days_between, score_days
from scoring.management.progress import history_progress
from scoring.models import MAScore
from scoring.services import ScoringError, market_today, score_universe
from tests.concurrency import together
from tests.factories import AcquirerMatchFactory
from tests.scoring.universe import DAY, candidate, company, research, signal, small_universe, trial

pytestmark = pytest.mark.django_db


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (Every.DAY, ["2026-05-28", "2026-05-29", "2026-05-30", "2026-05-31", "2026-06-01"]),
        (Every.WEEK, ["2026-05-29"]),
        (Every.MONTH_END, ["2026-05-31"]),
    ],
)
def test_days_between_counts_both_ends(every: Every, expected: list[str]) -> None:
    assert [str(each) for each in days_between(day("2026-05-28"), day("2026-06-01"), every)] == expected


@pytest.mark.parametrize(
    ("first", "last", "every"),
    [("2026-06-02", "2026-06-01", "day"), ("2026-06-01", "2026-06-04", "week")],
)
def test_range_without_a_day_is_refused(first: str, last: str, every: str) -> None:
    with pytest.raises(ScoringError, match=f"no {every} lies between {first} and {last}"):
        days_between(day(first), day(last), Every(every))


def eventful() -> None:
    """A universe in which something becomes known every few days."""
    targets = small_universe(4)
    for number, target in enumerate(targets):
        research(target, 30_000_000, known=f"2026-06-{10 + number}", accession=f"restated-{number}")
        signal(target, "activist_stake", f"2026-06-{12 + number}")
        candidate(target, "phase_1", name=f"TB-{number}", indication="Obesity")
        trial(target, f"NCT0000000{number}", f"2026-06-{14 + number}", drug=f"TB-{number}", phase="PHASE3")
    for number, fit in ((9, "3"), (15, "8")):
        AcquirerMatchFactory(
            target_company=targets[1], match_date=day(f"2026-06-{number:02}"), match_rank=1,
            strategic_fit_score=Decimal(fit), metadata={"coverage": "0.60"},
        )  # fmt: skip
    signal(targets[0], "takeover_target", "2026-06-18")
    signal(targets[0], "takeover_terminated", "2026-06-20")


def kept() -> list[Any]:
    names = ("company_id", "score_date", "total_score", "confidence", "percentile_rank", "score_change_30d",
             "score_change_90d", "key_drivers", "risk_factors", "metadata", "is_latest")  # fmt: skip
    return list(MAScore.objects.order_by("company_id", "score_date").values_list(*names))


def test_window_of_days_gives_the_same_rows_as_each_day_by_itself() -> None:
    eventful()
    days = days_between(day("2026-06-08"), day("2026-06-22"))
    score_days(days)
    together_ = kept()
    MAScore.objects.all().delete()
    for each in days:
        score_universe(day=each)
    assert kept() == together_
    assert len({row[2] for row in together_}) > 10


def test_why_a_figure_is_unknown_does_not_tell_of_the_range() -> None:
    small_universe(2)
    target = company("OLD")
    candidate(target)
    # The year ended 801 days before the 10th: too old for a reading of that day alone, not for one from the 9th on.
    research(target, 9_000_000, end=str(day("2026-06-10") - dt.timedelta(days=801)), known="2024-05-10")
    days = days_between(day("2026-06-09"), day("2026-06-10"))
    score_days(days)
    together_ = kept()
    MAScore.objects.all().delete()
    score_universe(day=days[1])
    assert [row for row in kept() if row[1] == days[1]] == [row for row in together_ if row[1] == days[1]]


def test_long_ranges_are_read_in_windows() -> None:
    days = [DAY + dt.timedelta(days=30 * number) for number in range(8)]
    assert [len(group) for group in windows(days)] == [4, 4]
    assert [each for group in windows(days) for each in group] == days


def test_run_goes_on_where_it_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    small_universe(2)
    days = days_between(day("2026-06-01"), day("2026-06-06"))
    stored = history.store

    def end_at_the_fourth(computed: Any, **options: Any) -> None:
        if computed.day == days[3]:
            raise KeyboardInterrupt
        stored(computed, **options)

    monkeypatch.setattr(history, "store", end_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        score_days(days)
    assert sorted(set(MAScore.objects.values_list("score_date", flat=True))) == days[:3]
    monkeypatch.setattr(history, "store", stored)
    done = score_days(days)
    assert (done.scored, done.held) == (tuple(days[3:]), tuple(days[:3]))
    assert score_days(days).scored == ()
    assert score_days(days, again=True).scored == tuple(days)


@pytest.mark.parametrize("number", [4, 20])
def test_history_takes_a_fixed_number_of_statements_a_day(number: int, django_assert_num_queries: Any) -> None:
    for target in small_universe(number):
        signal(target, "activist_stake", "2026-05-20")
    days = days_between(day("2026-06-01"), day("2026-06-05"))
    # weights, ledger and merged companies once, then each day its own
    with django_assert_num_queries(19 + 20 * len(days)):
        score_days(days)


def test_command_says_how_far_it_is_on_stderr_and_one_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    small_universe(2)
    arguments = ("--from", "2026-06-01", "--to", "2026-06-05")
    call_command("score", *arguments)
    out, err = capsys.readouterr()
    assert out == "scored 5 of 5 days from 2026-06-01 to 2026-06-05\n"
    assert err.splitlines()[0] == "scored 2026-06-01 (1 of 5): 2 targets"
    assert err.splitlines()[-1] == "scored 2026-06-05 (5 of 5): 2 targets"
    call_command("score", *arguments, "--json")
    assert json.loads(capsys.readouterr().out) == {
        "score_version": "1", "from": "2026-06-01", "to": "2026-06-05", "days": 5,
        "methodology": "transparent ranking, not validated",
    }  # fmt: skip


def test_terminal_gets_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    small_universe(1)
    notes = Terminal()
    with history_progress(notes, 2) as report:
        score_days([day("2026-06-01"), day("2026-06-02")], report=report)
    assert "━" in notes.getvalue()
    assert "2/2" in notes.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2026-06-01"], "a history needs both --from and --to"),
        (["--to", "2026-06-01"], "a history needs both --from and --to"),
        (["--from", "2026-06-02", "--to", "2026-06-01"], "no day lies between 2026-06-02 and 2026-06-01"),
        (["--from", "2026-06-01", "--to", "2999-01-01"], "2999-01-01 lies in the future"),
        (["--from", "soon", "--to", "2026-06-01"], "'soon' is not a day"),
        (["--from", "2020-01-01", "--to", "2026-06-01"], "nothing was known on 2020-01-01: the first figure is of"),
        (["--from", "2026-06-01", "--to", "2026-06-02", "--as-of", "2026-06-01"], "belong to one day"),
        (["--every", "week"], "--every and --again belong to a history"),
    ],
)
def test_bad_range_is_one_line_and_writes_nothing(arguments: list[str], message: str) -> None:
    small_universe(1)
    with pytest.raises(CommandError) as refused:
        call_command("score", *arguments)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not MAScore.objects.exists()


# --- changes and latest flags -----------------------------------------------------------------------------------------


def latest() -> dict[str | None, dt.date]:
    return {row.company.ticker: row.score_date for row in MAScore.objects.latest().select_related("company")}


def leaders() -> list[str | None]:
    return [row.company.ticker for row in MAScore.objects.top()]


def test_change_is_unknown_where_the_earlier_score_had_insufficient_data() -> None:
    poor, rich = small_universe(2, as_of="2026-05-01")
    for target in (poor, rich):
        candidate(target, "phase_2", name="L", patent_expiry="2040-01-01", orphan_designation=False)
    score_universe(day=day("2026-05-31"))
    MAScore.objects.filter(company=poor).update(confidence=Decimal("0.4999"))
    score_universe(day=DAY)
    changes = dict(MAScore.objects.filter(score_date=DAY).values_list("company__ticker", "score_change_30d"))
    assert changes[poor.ticker] is None
    assert changes[rich.ticker] is not None


def test_latest_score_of_an_acquired_company_leaves_the_list_and_comes_back() -> None:
    first, _ = small_universe(2)
    score_universe(day=day("2026-06-10"))
    signal(first, "takeover_target", "2026-06-15")
    score_universe(day=day("2026-06-20"))
    assert latest() == {"T000": day("2026-06-10"), "T001": day("2026-06-20")}
    assert "T000" not in leaders()
    signal(first, "takeover_terminated", "2026-06-25")
    score_universe(day=DAY)
    assert latest() == {"T000": DAY, "T001": DAY}
    score_universe(day=day("2026-06-20"))
    assert latest() == {"T000": DAY, "T001": DAY}


def test_latest_score_of_an_archived_company_leaves_the_list_and_comes_back() -> None:
    first, _ = small_universe(2)
    score_universe(day=DAY)
    archive_company(row=first)
    score_universe(day=market_today())
    assert latest() == {"T000": DAY, "T001": market_today()}
    assert "T000" not in leaders()
    restore_company(row=first)
    score_universe(day=market_today())
    assert latest() == {"T000": market_today(), "T001": market_today()}


def test_latest_is_found_without_reading_the_history() -> None:
    small_universe(3)
    score_days(days_between(day("2026-05-15"), day("2026-06-25")))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ma_scores, companies")
        cursor.execute("SET LOCAL enable_seqscan = off")
        from scoring.querysets import LATEST

        cursor.execute(f"EXPLAIN {LATEST}", {"version": "1"})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ma_scores_uniq" in plan
    assert "Limit" in plan


@pytest.mark.django_db(transaction=True)
def test_scorers_of_ranges_at_once_leave_one_latest_score_a_company() -> None:
    eventful()
    ranges = [("2026-06-10", "2026-06-16"), ("2026-06-14", "2026-06-22"), ("2026-06-08", "2026-06-12")]
    together(*[lambda ends=ends: score_days(days_between(day(ends[0]), day(ends[1])), again=True) for ends in ranges])
    assert set(latest().values()) == {day("2026-06-22")}
    alone = kept()
    score_days(days_between(day("2026-06-08"), day("2026-06-22")), again=True)
    assert kept() == alone
