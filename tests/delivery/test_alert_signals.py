"""Alerts about signals: news only, once a cause, corrections included."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from delivery.alerts.signals import evaluate_becoming_known, evaluate_signals
from delivery.models import Alert, AlertTrigger, InboxItem
from delivery.services import issue_client
from signals_app.models import Signal
from signals_app.services import correct_signal, record_signal
from tests.factories import CompanyFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db
# All that an evaluation of signals can do, transaction control included.
STATEMENTS = 14


def alert(**fields: Any) -> Alert:
    made = Alert(**{"name": "Watch", "alert_type": "new_signal", **fields})
    made.full_clean()
    made.save()
    return made


def signal(**fields: Any) -> Signal:
    now = timezone.now()
    return SignalFactory(**{"event_date": now, "available_at": now, **fields})


def evaluated() -> int:
    now = timezone.now()
    return evaluate_signals(since=now - dt.timedelta(minutes=5), until=now)


def told() -> list[str]:
    return sorted(AlertTrigger.objects.values_list("company__ticker", flat=True))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["AAA", "BBB", "CCC"]),
        ({"signal_types": ["fda_approval", "topline_positive"]}, ["AAA", "BBB"]),
        ({"company_tickers": ["BBB", "CCC"]}, ["BBB", "CCC"]),
        ({"threshold_value": 60}, ["AAA"]),
        ({"condition": {"field": "severity", "operator": "gte", "value": "high"}}, ["BBB"]),
        ({"condition": {"field": "total_score", "operator": "lt", "value": 60}}, ["BBB"]),
        ({"condition": {"not": {"field": "total_score", "operator": "lt", "value": 60}}}, ["AAA", "CCC"]),
        ({"condition": {"field": "signal.title", "operator": "contains", "value": "second"}}, ["BBB"]),
        ({"alert_type": "custom", "signal_types": ["fda_approval"], "company_tickers": ["AAA", "CCC"]}, ["AAA"]),
        ({"alert_type": "watchlist_change", "company_tickers": ["CCC"]}, ["CCC"]),
        ({"alert_type": "watchlist_change"}, ["BBB"]),
        ({"alert_type": "score_threshold", "threshold_value": 1}, []),
        ({"alert_type": "custom", "condition": {"field": "total_score", "operator": "gte", "value": 1}}, []),
    ],
)
def test_signals_set_off_what_asks_for_them(fields, expected):
    issue_client(client_name="Fund", watchlist_tickers=["BBB"])
    alert(**fields)
    signal(company=CompanyFactory(ticker="AAA"), signal_type="fda_approval", title="The first")
    signal(company=CompanyFactory(ticker="BBB"), signal_type="topline_positive", severity="high", title="A second one")
    signal(company=CompanyFactory(ticker="CCC"), signal_type="market", title="A third")
    for each, total in (("AAA", 70), ("BBB", 50)):
        MAScoreFactory(company=Signal.objects.get(company__ticker=each).company, total_score=total, is_latest=True)
        MAScoreFactory(company__ticker=f"X{each}", total_score=99, is_latest=True)
    assert evaluated() == len(expected)
    assert told() == expected
    assert evaluated() == 0


def test_the_reason_says_what_and_the_details_have_the_moment():
    alert()
    row = signal(
        company=CompanyFactory(ticker="AAA"), signal_type="fda_approval", severity="critical", title="FDA says yes"
    )
    evaluated()
    trigger = AlertTrigger.objects.get()
    assert trigger.reason == "AAA: FDA approval (critical): FDA says yes"
    assert (trigger.signal, trigger.details["severity"]) == (row, "critical")


@pytest.mark.parametrize(("days", "times"), [(2.9, 1), (3.1, 0)])
def test_what_was_known_long_before_it_was_written_is_no_news(days, times):
    alert()
    signal(available_at=timezone.now() - dt.timedelta(days=days))
    assert evaluated() == times


def test_a_correction_of_what_was_told_is_the_same_cause_however_often_it_is_corrected():
    alert()
    first = signal(title="A first version", company=CompanyFactory(ticker="AAA"))
    assert evaluated() == 1
    second = correct_signal(signal=first, changes={"title": "A second version"})
    third = correct_signal(signal=second, changes={"title": "A third version"})
    assert evaluated() == 0
    assert AlertTrigger.objects.get().cause == f"signal:{first.pk}"
    assert third.supersedes == second


def test_a_correction_tells_those_whom_the_first_version_did_not_concern():
    alert(condition={"field": "severity", "operator": "eq", "value": "critical"})
    first = signal(severity="low")
    assert evaluated() == 0
    correct_signal(signal=first, changes={"severity": "critical"})
    assert evaluated() == 1


def test_a_signal_that_is_known_later_is_told_then_and_once():
    now = timezone.now()
    earlier = now - dt.timedelta(hours=3)
    alert(created_at=earlier)
    alert(name="Made when it was known")
    signal(available_at=now + dt.timedelta(hours=2))
    assert evaluated() == 0
    assert evaluate_becoming_known(now=now) == 0
    # Written three hours ago, known since a minute.
    known = signal(created_at=earlier, available_at=now - dt.timedelta(minutes=1))
    assert evaluate_becoming_known(now=now) == 1
    assert evaluate_becoming_known(now=now) == 0
    assert AlertTrigger.objects.get().signal == known


def test_archived_companies_set_nothing_off_and_those_under_offer_do():
    alert()
    signal(company=CompanyFactory(ticker="GONE", deleted_at=timezone.now()))
    signal(company=CompanyFactory(ticker="SOLD", under_offer_since=dt.date(2026, 1, 1)))
    assert evaluated() == 1
    assert told() == ["SOLD"]


def test_a_recorded_signal_leads_to_a_job_in_its_transaction_where_anybody_watches():
    jobs = ProcrastinateJob.objects.filter(task_name="delivery.alerts.jobs.look_at_signals")
    now = timezone.now()
    record_signal(company=CompanyFactory(), signal_type="market", event_date=now, title="Nobody watches")
    assert not jobs.exists()
    alert()
    record_signal(company=CompanyFactory(), signal_type="market", event_date=now, title="Somebody watches")
    assert jobs.count() == 1


def test_the_number_of_statements_does_not_grow_with_signals_and_alerts(django_user_model):
    django_user_model.objects.create_superuser("analyst", password="x")
    counts = []
    for alerts, signals in ((1, 1), (9, 25)):
        for _ in range(alerts):
            alert(notification_channels=["inbox"])
        for _ in range(signals):
            signal()
        with CaptureQueriesContext(connection) as queries:
            assert evaluated() >= alerts * signals
        counts.append(len(queries))
    assert counts == [STATEMENTS, STATEMENTS]
    assert InboxItem.objects.count() == AlertTrigger.objects.count() == 10 * 26
