"""What reports say, apart from how: who leads, who moved by news of its own, what became known, who is left out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.models import Alert, AlertTrigger
from delivery.reports import tables
from delivery.reports.content import content_of
from delivery.reports.orders import Order, ReportRefused, checked_companies, checked_period
from delivery.reports.render.document import digest
from scoring.models import AcquirerMatch
from tests.delivery.reports.conftest import BEFORE, DAY, line, score, told
from tests.factories import AcquirerMatchFactory, CompanyFactory

pytestmark = pytest.mark.django_db
TYPES = ["daily_digest", "weekly_watchlist", "deep_dive", "acquirer_analysis", "alert"]


def order(report_type: str, *tickers: str, day: dt.date = DAY, **other) -> Order:
    first, last = checked_period(report_type, day, None, None)
    return Order(report_type, day, first, last, checked_companies(report_type, tickers), **other)


def content(report_type: str, *tickers: str, **other):
    if report_type == "deep_dive" and not tickers:
        tickers = ("AAA",)
    return content_of(order(report_type, *tickers, **other))


def names(rows) -> list[str]:
    return [row.who.ticker for row in rows]


def test_watchlist_ranks_who_is_live_known_and_under_no_offer(desk):
    found = content("weekly_watchlist")
    assert names(found.listed)[0] == "AAA"
    assert sorted(names(found.listed)) == ["AAA", "BBB", "CCC"]
    assert [row.rank for row in found.listed] == [1, 2, 3]
    assert found.frame.findings[0] == "Alpha Bio (AAA) leads 3 ranked targets at 65.0."
    assert [(row.who.ticker, row.why) for row in found.left_out] == [
        ("OFF", "under offer since 2025-06-20: out of the ranking")
    ]


def test_moves_are_of_the_companys_own_values_not_of_data_becoming_known(desk):
    found = content("weekly_watchlist")
    assert [(row.who.ticker, row.own_points) for row in found.risers] == [("AAA", Decimal("4.0000"))]
    assert [(row.who.ticker, row.own_points) for row in found.fallers] == [("CCC", Decimal("-3.0000"))]
    assert "in 30 days by news of its own: Alpha Bio (AAA), +4.0 points" in found.frame.findings[1]
    assert any("became known or went missing for 1 of 3 companies" in note for note in found.frame.notes)


def test_a_higher_threshold_names_fewer_moves(desk):
    found = content("weekly_watchlist", move=Decimal("3.5"))
    assert (names(found.risers), names(found.fallers)) == (["AAA"], [])


def test_news_are_of_the_week_and_of_the_list(desk):
    found = content("weekly_watchlist")
    assert [(each.day, each.who.ticker, each.title) for each in found.news] == [
        (dt.date(2025, 6, 25), "AAA", "FDA approves <AB-1>")
    ]
    assert found.latest == ()
    assert found.news[0].source.text == "FDA, Drugs@FDA"
    quiet = content("weekly_watchlist", "BBB")
    assert quiet.news == ()
    assert [each.title for each in quiet.latest] == ["Old partnership"]


def test_own_list_says_of_each_company_why_it_is_not_ranked(desk):
    found = content("weekly_watchlist", "CCC", "OFF", "BUY", "THN")
    assert names(found.listed) == ["THN", "CCC"]
    assert found.listed[0].rank is None
    assert {row.who.ticker: row.why for row in found.left_out} == {
        "OFF": "under offer since 2025-06-20: out of the ranking",
        "BUY": "its role is acquirer: only targets are ranked",
    }


def test_archived_company_cannot_be_asked_for(desk):
    with pytest.raises(ReportRefused, match="no live company has the ticker or id 'GON'"):
        checked_companies("deep_dive", ["GON"])


@pytest.mark.parametrize("tickers", [[], ["AAA", "BBB"]])
def test_deep_dive_is_of_one_company(desk, tickers):
    with pytest.raises(ReportRefused, match="of one company"):
        checked_companies("deep_dive", tickers)


def test_deep_dive_takes_a_score_apart(desk):
    found = content("deep_dive", "AAA")
    assert found.status == "Ranked 1 of 3"
    assert (found.baseline, found.standing.total) == (Decimal("59.0"), Decimal("65.0000"))
    assert [(row.label, row.points, row.detail) for row in found.reasons] == [
        ("Lead stage", Decimal("6.0"), "Phase 3: AB-1 in Obesity")
    ]
    first = found.components[0]
    assert (first.label, first.score, first.median) == ("Pipeline", 60, 60)
    assert [(each.acquirer.ticker, each.fit, each.mid_usd) for each in found.buyers] == [
        ("BUY", Decimal("7.5000"), Decimal(150_000_000))
    ]


def test_deep_dive_of_a_company_under_offer_says_so(desk):
    found = content("deep_dive", "OFF")
    assert found.status == "Under offer since 2025-06-20: out of the ranking"
    assert found.frame.findings[0] == "Under offer since 2025-06-20: out of the ranking."


def test_daily_digest_tells_of_its_day_alone(desk):
    found = content("daily_digest", day=dt.date(2025, 6, 25))
    assert [each.title for each in found.news] == ["FDA approves <AB-1>"]
    assert dict(found.by_severity) == {"low": 0, "medium": 0, "high": 0, "critical": 1}
    quiet = content("daily_digest", day=dt.date(2025, 6, 26))
    assert quiet.frame.findings[0] == "A quiet day: nothing became known."
    assert quiet.latest[0].title == "FDA approves <AB-1>"


def test_daily_digest_tells_which_scores_moved_since_the_ranking_before(desk):
    found = content("daily_digest")
    assert [(row.who.ticker, row.own_points) for row in found.steps] == [
        ("AAA", Decimal("4.0000")), ("CCC", Decimal("-3.0000")),
    ]  # fmt: skip
    assert found.compared_with == BEFORE


def test_acquirer_analysis_of_targets_and_of_an_acquirer(desk):
    everybody, of_buyer = content("acquirer_analysis"), content("acquirer_analysis", "BUY")
    for found in (everybody, of_buyer):
        assert [(pair.target.ticker, pair.acquirer.ticker) for pair in found.pairs] == [("AAA", "BUY")]
        assert found.heat_map.cells == ((Decimal("7.5000"),),)
    assert content("acquirer_analysis", "BBB").frame.findings[0].startswith("No match was made by this day")


def test_alert_report_counts_what_went_off(desk):
    alert = Alert.objects.create(name="Watch", alert_type="new_signal")
    at = dt.datetime(2025, 6, 27, 13, tzinfo=dt.UTC)
    for place, company in enumerate((desk.AAA, desk.BBB, desk.GON)):
        AlertTrigger.objects.create(alert=alert, company=company, cause=f"c{place}", reason="because", triggered_at=at)
    AlertTrigger.objects.create(alert=alert, cause="late", reason="x", triggered_at=at + dt.timedelta(days=9))
    found = content("alert")
    assert [(row.alert, row.times, row.companies) for row in found.counts] == [("Watch", 2, 2)]
    assert [(each.day, each.time) for each in found.triggers] == [(dt.date(2025, 6, 27), "09:00")] * 2
    assert content("alert", day=dt.date(2025, 6, 20)).frame.findings == ("No alert went off in this period.",)


@pytest.mark.parametrize("report_type", TYPES)
def test_the_same_day_gives_the_same_content_whatever_is_learned_later(desk, report_type):
    before = digest(content(report_type))
    assert digest(content(report_type)) == before
    told(desk.AAA, "2025-07-02", signal_type="clinical_hold", severity="critical", title="Later")
    score(desk.AAA, dt.date(2025, 7, 31), "10.0")
    AcquirerMatchFactory(target_company=desk.AAA, match_date=dt.date(2025, 7, 31), strategic_fit_score=Decimal(9))
    assert digest(content(report_type)) == before
    told(desk.AAA, "2025-06-29", signal_type="clinical_hold", severity="critical", title="Earlier")
    if report_type in ("weekly_watchlist", "deep_dive"):
        assert digest(content(report_type)) != before


@pytest.mark.parametrize("report_type", TYPES)
def test_the_number_of_queries_does_not_grow_with_the_desk(desk, report_type):
    with CaptureQueriesContext(connection) as few:
        content(report_type)
    for place in range(8):
        company = CompanyFactory()
        score(company, BEFORE, "50.0", line("lead_stage", "60.0", "50.0", "2.0"))
        score(company, DAY, "58.0", line("lead_stage", "90.0", "50.0", "8.0"), is_latest=True)
        told(company, "2025-06-28", title=f"News {place}")
        AcquirerMatchFactory(target_company=company, match_rank=1)
    with CaptureQueriesContext(connection) as many:
        content(report_type)
    assert len(many) == len(few)


@pytest.mark.parametrize("report_type", [kind for kind in TYPES if kind != "deep_dive"])
def test_an_empty_desk_has_a_report_that_says_so(report_type):
    found = content(report_type)
    assert found.frame.score_day is None
    assert "Nothing is ranked by this day" in found.frame.notes[0]
    assert found.frame.methodology == "transparent ranking, not validated"


def test_scores_of_an_earlier_day_are_said_to_be(desk):
    found = content("weekly_watchlist", day=dt.date(2025, 7, 3))
    assert found.frame.notes[0] == "Scores are as of 2025-06-30, 3 days before the day of this report."


@pytest.mark.parametrize(
    ("day", "start", "end", "word"),
    [
        (dt.date(2999, 1, 1), None, None, "no day to report on"),
        (dt.date(1980, 1, 1), None, None, "no day to report on"),
        (DAY, DAY, DAY - dt.timedelta(days=1), "starts before it ends"),
        (DAY, None, DAY + dt.timedelta(days=1), "ends by the report's day"),
        (DAY, DAY - dt.timedelta(days=500), None, "a year at most"),
    ],
)
def test_periods_that_cannot_be_are_refused(day, start, end, word):
    with pytest.raises(ReportRefused, match=word):
        checked_period("weekly_watchlist", day, start, end)


def test_pairs_say_who_cannot_pay_and_where_the_value_is_less_than_the_market_pays(desk):
    worth = {"low": "1", "mid": "2", "high": "3", "caveat": "Deals of the stage ($2): below the market cap of $4."}
    AcquirerMatch.objects.update(metadata={"feasibility": "infeasible"}, estimated_valuation_range_usd=worth)
    found = content("acquirer_analysis", "BUY")
    assert [pair.is_feasible for pair in found.pairs] == [False]
    assert any("1 pair beyond the acquirer's means" in finding for finding in found.frame.findings)
    said = tables.pairs(found.pairs, title="", empty="").rows[0][-1]
    assert said.startswith("Beyond its means. Both work in obesity.")
    assert said.endswith("Value: Deals of the stage ($2): below the market cap of $4.")
    AcquirerMatch.objects.update(metadata={"feasibility": "feasible"})
    assert [pair.is_feasible for pair in content("acquirer_analysis", "BUY").pairs] == [True]
