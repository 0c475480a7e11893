"""An edit of what scores are made of has today scored, once; the pages say what the score does not know yet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core import services
from companies.models import Company
from scoring import jobs
from scoring.edits import Behind, most_filings_are_old, not_in_yet, said_after_edit
from scoring.models import MAScore
from scoring.services import market_today
from signals_app.curated import correct_fact
from signals_app.models import FinancialFact
from tests.api.conftest import caller
from tests.scoring.universe import candidate, company, research

pytestmark = pytest.mark.django_db


def queued() -> list[str]:
    rows = ProcrastinateJob.objects.filter(task_name="scoring.jobs.match_and_score").order_by("id")
    return [row.args["day"] for row in rows]


def mark(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE procrastinate_jobs SET {what}")


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_events")
        cursor.execute("DELETE FROM procrastinate_jobs")


def fresh(ticker: str, *, days: int = 60) -> Company:
    today = market_today()
    made = company(ticker, cap=300_000_000, as_of=(today - dt.timedelta(days=5)).isoformat())
    candidate(made)
    end, known = today - dt.timedelta(days=days), today - dt.timedelta(days=days - 20)
    research(made, 90_000_000, end=end.isoformat(), known=known.isoformat())
    return made


def test_edits_of_one_day_wait_as_one_job_until_it_is_taken_up():
    one, other = fresh("ONE"), fresh("TWO")
    services.change(row=one, values={"market_cap_usd": Decimal(5)})
    services.change(row=other, values={"therapeutic_areas": ["oncology"]})
    assert queued() == [market_today().isoformat()]
    mark("status = 'doing'")
    services.change(row=one, values={"market_cap_usd": Decimal(6)})
    assert queued() == [market_today().isoformat()] * 2


@pytest.mark.parametrize("values", [{"name": "Another"}, {"quarterly_burn_rate_usd": Decimal(5)}])
def test_what_no_score_rests_on_queues_nothing(values):
    services.change(row=fresh("ONE"), values=values)
    assert queued() == []


def test_a_day_that_the_worker_would_leave_out_as_stale_is_not_queued():
    services.change(row=fresh("OLD", days=260), values={"market_cap_usd": Decimal(5)})
    assert queued() == []
    for ticker in ("NEW", "NEWER"):
        fresh(ticker)
    services.change(row=Company.objects.get(ticker="OLD"), values={"market_cap_usd": Decimal(6)})
    assert queued() == [market_today().isoformat()]


@pytest.mark.parametrize(
    ("recent", "old", "silent", "are_old"),
    # Who has reported nothing counts on neither side; half of those who have is not most.
    [(0, 0, 3, False), (1, 0, 3, False), (1, 1, 0, False), (1, 1, 5, False), (1, 2, 0, True), (2, 1, 9, False)],
)
def test_most_filings_are_old_where_more_than_half_of_those_who_report_have_none_of_late(recent, old, silent, are_old):
    for number in range(recent + old):
        fresh(f"T{number}", days=60 if number < recent else 260)
    for number in range(silent):
        company(f"S{number}", cap=1)
    # Those who are no targets, or archived, have no voice, however many they are.
    for number in range(4):
        other = fresh(f"X{number}", days=260 if number < 2 else 60)
        gone = {"role": "acquirer"} if number % 2 else {"deleted_at": timezone.now()}
        Company.all_objects.filter(pk=other.pk).update(**gone)
    assert most_filings_are_old() is are_old


def test_candidates_facts_and_the_api_have_today_scored_and_a_switched_off_schedule_has_not(settings):
    one = fresh("ONE")
    drug, fact = one.drug_candidates.get(), FinancialFact.objects.get(company=one)
    acts = (
        lambda: services.change(row=drug, values={"phase": "phase_2"}),
        lambda: correct_fact(fact=fact, value=Decimal(70_000_000), reason="restated"),
        lambda: caller("admin").patch("companies/ONE/", {"market_cap_usd": "7"}),
        lambda: caller("admin").post("drug-candidates/", {"company": "ONE", "name": "N-2", "phase": "phase_3"}),
    )
    for number, act in enumerate(acts):
        act()
        assert len(queued()) == 1, number
        forget()
    settings.SCORE_SCHEDULE = "off"
    services.change(row=one, values={"market_cap_usd": Decimal(8)})
    assert queued() == []
    assert "switched off" in said_after_edit(one, ["market_cap_usd"])


def test_the_page_says_that_today_waits_until_the_job_has_moved_the_score():
    one = fresh("ONE")
    for ticker in ("TWO", "THREE"):
        fresh(ticker)
    services.change(row=one, values={"market_cap_usd": Decimal(2_500_000_000)})
    assert not_in_yet(one, None).words == "today's wait for a worker"
    mark("status = 'doing'")
    assert not_in_yet(one, None).words == "today's are being worked out"
    forget()
    jobs.match_and_score.func(day=market_today().isoformat())
    score = MAScore.objects.get(company=one, is_latest=True)
    assert (score.score_date, not_in_yet(Company.objects.get(pk=one.pk), score)) == (market_today(), Behind())


@pytest.mark.parametrize(("days", "words"), [(60, "run the score command"), (260, "most filings are too old")])
def test_an_edit_that_the_score_does_not_know_is_named_with_the_reason(days, words):
    one = fresh("ONE", days=days)
    score = MAScore(company=one, score_date=market_today() - dt.timedelta(days=30))
    services.change(row=one, values={"market_cap_usd": Decimal(5)})
    forget()
    one.refresh_from_db()
    assert words in not_in_yet(one, score).why
    assert ("No score moves" in said_after_edit(one, ["market_cap_usd"])) == (days > 200)
    assert "No score rests on the burn" in said_after_edit(one, ["quarterly_burn_rate_usd"])
    assert said_after_edit(one, ["name"]) == ""
