"""How long 5,000 new scores against 200 alerts take, generated ones. None of it is real."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.alerts.scores import evaluate_scores
from delivery.alerts.trial import trial_of
from delivery.models import Alert, AlertTrigger

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

COMPANIES, ALERTS, DAYS, MOST_SECONDS = 5_000, 200, 90, 10
LAST = dt.date(2026, 6, 30)
FILL = """
INSERT INTO companies (name, ticker, cik, market_cap_usd, runway_quarters, therapeutic_areas)
SELECT 'Company ' || n, 'T' || n, lpad(n::text, 10, '0'), n::bigint * 1000000, n %% 12, '["oncology"]'
FROM generate_series(1, %(companies)s) AS n;
INSERT INTO ma_scores (company_id, score_date, total_score, confidence, score_change_30d, is_latest)
SELECT id, %(last)s::date - d, (employee + d * 7) %% 100, 0.9, (employee + d) %% 21 - 10, d = 0
FROM (SELECT id, replace(ticker, 'T', '')::int AS employee FROM companies) AS c, generate_series(0, %(days)s) AS d;
ANALYZE;
"""


def rule(number: int) -> Alert:
    kinds = [
        {"alert_type": "score_threshold", "threshold_value": 50 + number % 50},
        {"alert_type": "score_change", "threshold_value": 3 + number % 7},
        {"alert_type": "custom", "condition": {"and": [
            {"field": "company.market_cap_usd", "operator": "lt", "value": number * 20_000_000},
            {"or": [{"field": "score.total_score", "operator": "gte", "value": 60 + number % 40},
                    {"not": {"field": "company.runway_quarters", "operator": "gte", "value": 2}}]},
        ]}},
        {"alert_type": "watchlist_change", "threshold_value": 4, "company_tickers": [f"T{n}" for n in range(100)]},
    ]  # fmt: skip
    return Alert(name=f"Alert {number}", notification_channels=["inbox", "email"], recipients=["a@example.org"],
                 **kinds[number % len(kinds)])  # fmt: skip


def test_five_thousand_scores_against_two_hundred_alerts_in_time(record_property):
    User.objects.create_superuser("analyst", password="x")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"companies": COMPANIES, "last": LAST, "days": DAYS})
    Alert.objects.bulk_create([rule(number) for number in range(ALERTS)])
    # All alerts are new and start over from the day before; then they stand, and a new day comes; then again.
    looks = (("new alerts", LAST - dt.timedelta(days=1)), ("a new day", LAST), ("the same day again", LAST))
    taken = []
    for name, day in looks:
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            fired = evaluate_scores(day=day, version="1", heard_at=timezone.now())
            taken.append((time.perf_counter() - started, fired))
        record_property(
            f"{COMPANIES:,} scores against {ALERTS} alerts, {name}",
            f"{taken[-1][0]:.1f} s, {fired:,} times, {len(queries)} statements",
        )
    started = time.perf_counter()
    found = trial_of(Alert.objects.get(name="Alert 0"))
    record_property(
        f"trial of {DAYS} days of {COMPANIES:,} companies", f"{time.perf_counter() - started:.1f} s, {found.count:,}"
    )
    assert sum(fired for _, fired in taken) == AlertTrigger.objects.count()
    assert taken[1][1] > ALERTS
    assert taken[2][1] == 0
    assert taken[1][0] < MOST_SECONDS
