"""Alerts over REST: what is refused at entry, and what a trial and the history give."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from delivery.models import Alert
from tests.api.conftest import caller
from tests.factories import MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db


def alert(**fields: Any) -> dict[str, Any]:
    return {"name": "Watch", "alert_type": "new_signal", **fields}


SCORE = {"field": "score.total_score", "operator": "gte", "value": 70}


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"condition": {"field": "wrong.field", "operator": "eq", "value": 1}}, "condition", "Unknown field"),
        ({"condition": {**SCORE, "value": "70"}}, "condition", "is a number and cannot be compared with the text"),
        ({"condition": {**SCORE, "operator": "like"}}, "condition", "Unknown operator"),
        ({"alert_type": "custom"}, "condition", "A custom alert needs a condition"),
        ({"alert_type": "score_threshold"}, "threshold_value", "Give the score"),
        ({"alert_type": "score_change"}, "threshold_value", "Give the points"),
        ({"alert_type": "score_threshold", "threshold_value": 101}, "threshold_value", "between 0 and 100"),
        ({"alert_type": "score_change", "threshold_value": 0}, "threshold_value", "not 0"),
        (
            {"alert_type": "score_threshold", "threshold_value": 70, "direction": "either"},
            "direction",
            "from one side",
        ),
        (
            {"alert_type": "score_threshold", "threshold_value": 70, "signal_types": ["market"]},
            "signal_types",
            "A score sets this type off",
        ),
        (
            {
                "alert_type": "score_threshold",
                "threshold_value": 70,
                "condition": {"field": "severity", "operator": "eq", "value": "high"},
            },
            "condition",
            "cannot name a signal",
        ),
        ({"notification_channels": ["email"]}, "recipients", "at least one recipient"),
        ({"notification_channels": ["slack"]}, "slack_webhook_url", "needs the address"),
        ({"slack_webhook_url": "https://127.0.0.1/x"}, "slack_webhook_url", "not a public address"),
        ({"slack_webhook_url": "https://u:p@hooks.example.org/x"}, "slack_webhook_url", "no user name"),
        ({"slack_webhook_url": "ftp://hooks.example.org/x"}, "slack_webhook_url", "http"),
        ({"quiet_from": "22:00"}, "quiet_until", "beginning and another time"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until", "beginning and another time"),
        ({"hysteresis_points": -1}, "hysteresis_points", "between 0 and 100"),
        ({"digest": "weekly"}, "digest", "at_once"),
        ({"client": "01a205cf-0309-7f4c-8315-09443ff5da29"}, "client", ""),
    ],
)
def test_what_does_not_go_together_is_refused_at_entry_beside_its_field(admin, fields, field, words):
    answer = admin.post("alerts/", alert(**fields))
    answer.is_problem(400)
    assert {error["field"] for error in answer.json["errors"]} & {field, "quiet_from"} or not field
    assert words in answer.text
    assert not Alert.objects.exists()


def test_a_slack_address_is_written_and_never_read(admin, reader):
    url = "https://hooks.example.org/T0/B0/secret"
    made = admin.post("alerts/", alert(notification_channels=["slack"], slack_webhook_url=url))
    assert made.status == 201, made.text
    assert "hooks.example.org" not in made.text
    key = made.json["id"]
    assert "hooks.example.org" not in reader.get(f"alerts/{key}/").text
    assert admin.patch(f"alerts/{key}/", {"name": "Other"}).status == 200
    assert Alert.objects.get().slack_webhook_url == url
    admin.patch(f"alerts/{key}/", {"slack_webhook_url": None}).is_problem(400)


def test_a_patch_is_judged_together_with_what_is_there(admin):
    key = admin.post("alerts/", alert(alert_type="score_threshold", threshold_value=70)).json["id"]
    admin.patch(f"alerts/{key}/", {"threshold_value": None}).is_problem(400)
    admin.patch(f"alerts/{key}/", {"signal_types": ["market"]}).is_problem(400)
    assert admin.patch(f"alerts/{key}/", {"threshold_value": 60, "hysteresis_points": 5}).json["threshold_value"] == 60


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_trial_tells_what_the_alert_would_have_told_and_tells_nobody(admin, method):
    score = MAScoreFactory(company__ticker="AAA", total_score=75, is_latest=True)
    MAScoreFactory(company=score.company, total_score=60, score_date=score.score_date - dt.timedelta(days=20))
    key = admin.post("alerts/", alert(alert_type="score_threshold", threshold_value=70)).json["id"]
    answer = getattr(admin, method)(f"alerts/{key}/test/")
    assert answer.status == 200, answer.text
    found = answer.json
    assert (found["since"], found["until"], found["count"]) == ("2025-04-01", "2025-06-30", 1)
    assert found["methodology"] == "transparent ranking, not validated"
    (trigger,) = found["triggers"]
    assert (trigger["ticker"], trigger["score_id"], trigger["signal_id"]) == ("AAA", str(score.pk), None)
    assert trigger["reason"] == "AAA: score 75.0 reached the threshold of 70.0 on 2025-06-30"
    assert admin.rows("alerts/history/") == []


def test_a_trial_of_signals_and_who_may_ask(admin, reader):
    SignalFactory(available_at=timezone.now() - dt.timedelta(days=3))
    key = admin.post("alerts/", alert()).json["id"]
    assert reader.get(f"alerts/{key}/test/").json["count"] == 1
    reader.post(f"alerts/{key}/test/").is_problem(403)
    reader.get(f"alerts/{key}/test/", days=7).is_problem(400)
    reader.get("alerts/01a205cf-0309-7f4c-8315-09443ff5da29/test/").is_problem(404)
    assert caller("read", "write:alerts").post(f"alerts/{key}/test/").status == 200


@pytest.mark.parametrize("value", ["5", True, 0, 101, None])
def test_a_clients_own_thresholds_are_numbers_of_points(admin, value):
    answer = admin.post("clients/", {"client_name": "Fund", "custom_thresholds": {"score_change": value}})
    answer.is_problem(400)
    assert answer.fields.keys() == {"custom_thresholds"}


def test_names_of_other_use_are_left_alone_among_a_clients_thresholds(admin):
    thresholds = {"score_change": -5, "market_cap": "small"}
    assert admin.post("clients/", {"client_name": "Fund", "custom_thresholds": thresholds}).status == 201


def test_tickers_that_no_live_company_has_are_refused_with_the_near_ones(admin, universe):
    order = {"name": "x", "alert_type": "new_signal", "company_tickers": ["ALPH", "ALPX", "gone"]}
    answer = admin.post("alerts/", order)
    answer.is_problem(400)
    assert answer.fields == {"company_tickers[1]": "unknown", "company_tickers[2]": "unknown"}
    assert "No live company has the ticker ALPX; near: ALPH." in answer.text
    assert admin.post("clients/", {"client_name": "x", "watchlist_tickers": ["NOPE"]}).fields == {
        "watchlist_tickers[0]": "unknown"
    }
    made = admin.post("alerts/", {**order, "company_tickers": ["alph"]})
    assert (made.status, made.json["company_tickers"]) == (201, ["ALPH"])


def test_what_an_alert_holds_already_may_stay_when_its_company_goes(admin, universe):
    made = admin.post("alerts/", {"name": "x", "alert_type": "new_signal", "company_tickers": ["ALPH"]}).json
    universe.alpha.__class__.objects.filter(pk=universe.alpha.pk).archive()
    path = f"alerts/{made['id']}/"
    assert admin.patch(path, {"company_tickers": ["ALPH", "BETA"]}).status == 200
    assert admin.patch(path, {"company_tickers": ["GAMMA"]}).fields == {"company_tickers[0]": "unknown"}
