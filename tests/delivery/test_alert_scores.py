"""Alerts about scores: what each type means, once a cause, over days; a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import Company
from delivery.alerts.scores import evaluate_scores
from delivery.models import Alert, AlertState, AlertTrigger
from delivery.services import issue_client
from scoring.models import MAScore
from tests.factories import CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db
FIRST = dt.date(2026, 6, 1)
# With new alerts, states that begin, triggers and inboxes: all that an evaluation can do, transaction control included.
STATEMENTS = 20


def alert(**fields: Any) -> Alert:
    made = Alert(name="Watch", notification_channels=["inbox"], **fields)
    made.full_clean()
    made.save()
    return made


def day(number: int, **totals: Any) -> int:
    """Write the scores of a day (a total, or total and change) and evaluate them; return how often alerts went off."""
    return evaluated(scored(number, **totals))


def evaluated(when: dt.date) -> int:
    return evaluate_scores(day=when, version="1", heard_at=timezone.now())


def scored(number: int, **totals: Any) -> dt.date:
    when = FIRST + dt.timedelta(days=number)
    MAScore.objects.update(is_latest=False)
    for ticker, value in totals.items():
        total, change = value if isinstance(value, tuple) else (value, None)
        company = Company.objects.filter(ticker=ticker).first() or CompanyFactory(ticker=ticker)
        MAScore.objects.filter(company=company, score_date=when).delete()
        MAScoreFactory(company=company, score_date=when, total_score=total, score_change_30d=change, is_latest=True)
    return when


def told() -> list[str]:
    return sorted(AlertTrigger.objects.values_list("company__ticker", flat=True))


def test_a_threshold_is_reached_once_and_again_only_after_the_score_has_gone_back_behind_the_hysteresis():
    day(0, AAA=60)
    alert(alert_type="score_threshold", threshold_value=70, hysteresis_points=3)
    # below, at, above, within the band, at its end, above, behind it, above
    series = [69.99, 70, 75, 68, 67, 71, 66.99, 70]
    assert [day(number, AAA=total) for number, total in enumerate(series, start=1)] == [0, 1, 0, 0, 0, 0, 0, 1]
    first = AlertTrigger.objects.order_by("score__score_date").first()
    assert first.reason == "AAA: score 70.0 reached the threshold of 70.0 on 2026-06-03"
    assert (first.details["total_score"], first.details["methodology"]) == (
        "70.0000",
        "transparent ranking, not validated",
    )
    assert first.score.total_score == 70


def test_a_threshold_downwards_is_its_mirror():
    day(0, AAA=60)
    alert(alert_type="score_threshold", threshold_value=50, direction="down", hysteresis_points=2)
    assert [day(n, AAA=total) for n, total in enumerate([50.01, 50, 51.5, 49, 52.01, 50], start=1)] == [
        0,
        1,
        0,
        0,
        0,
        1,
    ]


def test_a_new_alert_tells_of_what_is_reached_from_then_on():
    day(0, AAA=80, BBB=60)
    alert(alert_type="score_threshold", threshold_value=70)
    assert day(1, AAA=81, BBB=71, CCC=90) == 2
    assert told() == ["BBB", "CCC"]


def test_a_changed_threshold_starts_from_the_score_before():
    day(0, AAA=65, BBB=50)
    watch = alert(alert_type="score_threshold", threshold_value=70)
    day(1, AAA=66, BBB=55)
    watch.threshold_value = 60
    watch.save()
    assert day(2, AAA=67, BBB=61) == 1
    assert told() == ["BBB"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"threshold_value": 5}, ["DOWN", "UP"]),
        ({"threshold_value": -5}, ["DOWN"]),
        ({"threshold_value": 5, "direction": "up"}, ["UP"]),
        ({"threshold_value": 5, "direction": "down"}, ["DOWN"]),
        ({"threshold_value": 5, "company_tickers": ["UP"]}, ["UP"]),
        ({"threshold_value": 5, "condition": {"field": "total_score", "operator": "lt", "value": 50}}, ["DOWN"]),
    ],
)
def test_a_change_goes_both_ways_unless_one_is_asked_for(fields, expected):
    alert(alert_type="score_change", **fields)
    day(1, UP=(60, Decimal("5")), DOWN=(40, Decimal("-7.5")), FLAT=(50, Decimal("4.99")), NONE=50)
    assert told() == expected


def test_a_change_that_lasts_is_told_once_and_an_unknown_one_ends_nothing():
    alert(alert_type="score_change", threshold_value=6)
    series = [6, 7, 4.5, None, 6, 3.99, 6]
    changes = [(60, None if change is None else Decimal(str(change))) for change in series]
    assert [day(number, AAA=value) for number, value in enumerate(changes)] == [1, 0, 0, 0, 0, 0, 1]


def test_a_custom_condition_tells_when_it_begins_to_hold_also_by_a_change_of_the_company():
    day(0, AAA=65)
    alert(
        alert_type="custom",
        condition={
            "and": [
                {"field": "company.runway_quarters", "operator": "lt", "value": 4},
                {"field": "score.total_score", "operator": "gte", "value": 60},
            ]
        },
    )
    assert day(1, AAA=65) == 0
    Company.objects.update(runway_quarters=3)
    assert day(2, AAA=65) == 1
    assert day(3, AAA=65) == 0
    Company.objects.update(runway_quarters=9)
    assert day(4, AAA=65) == 0
    Company.objects.update(runway_quarters=2)
    assert day(5, AAA=65) == 1


def test_a_custom_alert_may_ask_for_a_least_score_beside_its_condition():
    alert(alert_type="custom", threshold_value=70, condition={"field": "company.name", "operator": "known"})
    day(1, AAA=69, BBB=70)
    assert told() == ["BBB"]


def test_the_watchlists_of_all_clients_count_each_with_its_own_threshold():
    for tickers, thresholds in ((["AAA", "BBB"], {"watchlist_change": 3}), (["BBB", "CCC"], {})):
        issue_client(client_name="Fund", watchlist_tickers=tickers, custom_thresholds=thresholds)
    issue_client(client_name="Gone", watchlist_tickers=["DDD"], is_active=False)
    alert(alert_type="watchlist_change")
    moved = (60, Decimal("3.5"))
    assert day(1, AAA=moved, BBB=moved, CCC=moved, DDD=(60, Decimal(50))) == 2
    assert told() == ["AAA", "BBB"]
    assert day(2, CCC=(60, Decimal("5"))) == 1


def test_a_clients_alert_takes_its_watchlist_and_threshold():
    client, _ = issue_client(client_name="Fund", watchlist_tickers=["AAA"], custom_thresholds={"score_threshold": 40})
    alert(alert_type="score_threshold", client=client)
    day(1, AAA=45, BBB=99)
    assert told() == ["AAA"]


def test_the_companys_own_list_goes_before_the_clients():
    client, _ = issue_client(client_name="Fund", watchlist_tickers=["AAA"])
    alert(alert_type="watchlist_change", client=client, company_tickers=["BBB"], threshold_value=2)
    day(1, AAA=(60, Decimal(9)), BBB=(60, Decimal(9)))
    assert told() == ["BBB"]


def test_who_leaves_the_leaderboard_sets_nothing_off():
    for ticker in ("AAA", "BBB", "CCC", "DDD", "EEE"):
        CompanyFactory(ticker=ticker)
    Company.objects.filter(ticker="AAA").update(under_offer_since=FIRST)
    Company.objects.filter(ticker="BBB").update(role="excluded")
    Company.objects.filter(ticker="CCC").update(deleted_at=timezone.now())
    alert(alert_type="score_threshold", threshold_value=70)
    for ticker, confidence in {"AAA": "0.9", "BBB": "0.9", "CCC": "0.9", "DDD": "0.4", "EEE": "0.5"}.items():
        MAScoreFactory(
            company=Company.all_objects.get(ticker=ticker), score_date=FIRST, total_score=90, confidence=confidence,
            is_latest=True,
        )  # fmt: skip
    evaluate_scores(day=FIRST, version="1", heard_at=timezone.now())
    assert told() == ["EEE"]


def test_a_days_scores_read_twice_tell_once_and_a_score_corrected_on_the_day_still_tells():
    alert(alert_type="score_threshold", threshold_value=70)
    day(0, AAA=60)
    assert day(1, AAA=69) == 0
    assert day(1, AAA=71) == 1
    assert day(1, AAA=60) == 0
    assert day(1, AAA=72) == 0
    assert AlertTrigger.objects.count() == 1


def test_scoring_the_past_or_with_other_weights_tells_nobody():
    day(100, AAA=60)
    alert(alert_type="score_threshold", threshold_value=50)
    MAScoreFactory(company=CompanyFactory(ticker="BBB"), score_date=FIRST, total_score=90)
    assert evaluate_scores(day=FIRST, version="1", heard_at=timezone.now()) == 0
    newest = FIRST + dt.timedelta(days=100)
    MAScoreFactory(company=CompanyFactory(ticker="CCC"), score_date=newest, score_version="2", total_score=90)
    assert evaluate_scores(day=newest, version="2", heard_at=timezone.now()) == 0


def test_a_day_that_was_overtaken_while_the_worker_was_down_is_still_told():
    day(0, AAA=60)
    alert(alert_type="score_threshold", threshold_value=70)
    overtaken = scored(1, AAA=75)
    scored(2, AAA=60)
    assert evaluated(overtaken) == 1


def test_an_alert_hears_only_what_was_told_after_it_was_made():
    before = timezone.now()
    alert(alert_type="score_threshold", threshold_value=50)
    MAScoreFactory(score_date=FIRST, total_score=90, is_latest=True)
    assert evaluate_scores(day=FIRST, version="1", heard_at=before) == 0
    assert evaluate_scores(day=FIRST, version="1", heard_at=timezone.now()) == 1


def test_switched_off_and_archived_alerts_are_silent():
    alert(alert_type="score_threshold", threshold_value=50, is_active=False)
    alert(alert_type="score_threshold", threshold_value=50, deleted_at=timezone.now())
    assert day(1, AAA=90) == 0


def test_a_condition_that_cannot_be_read_any_more_stops_no_other_alert(caplog):
    Alert.objects.create(name="Old", alert_type="custom", condition={"field": "gone", "operator": "eq", "value": 1})
    alert(alert_type="score_threshold", threshold_value=50)
    assert day(1, AAA=90) == 1
    assert "Unknown field" in caplog.text


def test_the_number_of_statements_does_not_grow_with_scores_and_alerts():
    User.objects.create_superuser("analyst", password="x")
    day(0, HIGH=99, **{f"T{number}": 60 for number in range(30)})
    counts = []
    for number, (alerts, companies) in enumerate(((2, 3), (12, 30)), start=1):
        for above in range(alerts):
            alert(alert_type="score_threshold", threshold_value=61 + above)
        when = scored(number, **{f"T{place}": 99 for place in range(companies)})
        AlertState.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            assert evaluated(when) > alerts
        counts.append(len(queries))
    assert counts == [STATEMENTS, STATEMENTS]
