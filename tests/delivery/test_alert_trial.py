"""What an alert would have told: the history gives what the days themselves would have given."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.alerts.scores import evaluate_scores
from delivery.alerts.trial import trial_of
from delivery.models import Alert, AlertTrigger
from scoring.models import MAScore
from tests.factories import CompanyFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db
FIRST = dt.date(2026, 3, 1)
STATEMENTS = 4


def series(company: Any, *totals: Any) -> None:
    for number, value in enumerate(totals):
        total, change = value if isinstance(value, tuple) else (value, None)
        MAScoreFactory(
            company=company, score_date=FIRST + dt.timedelta(days=number), total_score=total, score_change_30d=change,
            is_latest=number == len(totals) - 1,
        )  # fmt: skip


def days_of(alert: Alert, **options: Any) -> list[tuple[str | None, int]]:
    return sorted((cause.ticker, (cause.at - FIRST).days) for cause in trial_of(alert, **options).causes)


def test_a_threshold_with_hysteresis_over_the_days():
    series(CompanyFactory(ticker="AAA"), 60, 70, 75, 68, 67, 71, 66, 70)
    series(CompanyFactory(ticker="BBB"), 80, 80, 80, 80, 80, 80, 60, 90)
    alert = Alert(alert_type="score_threshold", threshold_value=Decimal(70), hysteresis_points=Decimal(3))
    assert days_of(alert) == [("AAA", 1), ("AAA", 7), ("BBB", 0), ("BBB", 7)]
    assert AlertTrigger.objects.count() == 0


def test_a_change_and_an_unknown_one():
    series(CompanyFactory(ticker="AAA"), (60, 6), (60, 7), (60, None), (60, 6), (60, 2), (60, -6))
    assert days_of(Alert(alert_type="score_change", threshold_value=Decimal(6))) == [("AAA", 0), ("AAA", 5)]


def test_the_state_at_the_beginning_of_the_window_comes_from_the_days_before():
    company = CompanyFactory(ticker="AAA")
    series(company, 80, *[80] * 99, 60, 80)
    assert days_of(Alert(alert_type="score_threshold", threshold_value=Decimal(70)), days=50) == [("AAA", 101)]


def test_the_trial_of_a_period_is_what_its_evaluations_told():
    company = CompanyFactory(ticker="AAA")
    series(company, 60)
    fields: dict[str, Any] = {
        "alert_type": "custom", "condition": {"field": "total_score", "operator": "gte", "value": 65},
    }  # fmt: skip
    alert = Alert.objects.create(name="Watch", **fields)
    for number, total in enumerate((66, 64, 70, 71, 20, 65), start=1):
        MAScore.objects.update(is_latest=False)
        day = FIRST + dt.timedelta(days=number)
        MAScoreFactory(company=company, score_date=day, total_score=total, is_latest=True)
        evaluate_scores(day=day, version="1", heard_at=timezone.now())
    found = trial_of(alert)
    assert {cause.key for cause in found.causes} == set(AlertTrigger.objects.values_list("cause", flat=True))
    assert found.count == 3


def test_signals_count_by_when_they_were_known_with_the_score_of_then():
    company = CompanyFactory(ticker="AAA")
    series(company, 80, 40, 80)
    for number in (0, 1, 2):
        SignalFactory(
            company=company, title=f"On day {number}",
            available_at=dt.datetime.combine(FIRST + dt.timedelta(days=number), dt.time(17), dt.UTC),
        )  # fmt: skip
    alert = Alert(alert_type="new_signal", threshold_value=Decimal(70))
    assert [cause.details["title"] for cause in trial_of(alert).causes] == ["On day 2", "On day 0"]
    asked = {"field": "total_score", "operator": "lt", "value": 70}
    alert = Alert(alert_type="new_signal", condition=asked)
    assert [cause.details["title"] for cause in trial_of(alert).causes] == ["On day 1"]


def test_a_correction_is_no_second_time_and_old_signals_lie_outside():
    first = SignalFactory(available_at=timezone.now() - dt.timedelta(days=5))
    SignalFactory(company=first.company, supersedes=first, available_at=timezone.now() - dt.timedelta(days=4))
    SignalFactory(company=first.company, available_at=timezone.now() - dt.timedelta(days=120))
    assert trial_of(Alert(alert_type="new_signal")).count == 1


def test_the_window_ends_with_the_newest_data_and_never_after_today():
    series(CompanyFactory(), 60)
    found = trial_of(Alert(alert_type="score_threshold", threshold_value=Decimal(70)), today=dt.date(2026, 6, 1))
    assert (found.since, found.until, found.count, found.causes) == (dt.date(2025, 12, 1), FIRST, 0, ())
    assert trial_of(Alert(alert_type="new_signal"), today=FIRST).until == FIRST


def test_more_times_than_are_shown_are_counted_in_a_fixed_number_of_statements():
    companies = [CompanyFactory() for _ in range(13)]
    for company in companies:
        series(company, *[80 if number % 2 else 20 for number in range(80)])
    alert = Alert(alert_type="score_threshold", threshold_value=Decimal(70))
    with CaptureQueriesContext(connection) as queries:
        found = trial_of(alert)
    assert (found.count, len(found.causes), len(queries)) == (520, 500, STATEMENTS)


def test_an_alert_that_watches_nobody_would_have_told_nothing():
    series(CompanyFactory(), (80, 50))
    assert trial_of(Alert(alert_type="watchlist_change")).count == 0
