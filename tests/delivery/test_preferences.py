"""How a client wants to hear of things: checked when it is entered, honoured by alerts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from biotech_ma.core.market_day import NEW_YORK
from delivery.alerts.quiet import due_at
from delivery.models import Alert, AlertNotice, Client
from delivery.services import issue_client, record_alert_trigger

pytestmark = pytest.mark.django_db


def client(preferences: Any = None, **fields: Any) -> Client:
    values = {"contact_email": "fund@example.org", "notification_preferences": preferences or {}}
    return issue_client(client_name="Fund", **values | fields)[0]


@pytest.mark.parametrize(
    ("preferences", "words"),
    [
        ({"reports": ["weekly_watchlist"], "format": "docx"}, "format is one of html, pdf, json, csv, xlsx"),
        ({"reports": "weekly_watchlist"}, "reports is a list of: daily_digest, weekly_watchlist"),
        ({"reports": ["deep_dive"]}, "reports holds 'deep_dive'; there are daily_digest, weekly_watchlist"),
        ({"alerts": ["gossip"]}, "alerts holds 'gossip'; there are score_threshold"),
        ({"alerts": None}, "alerts is a list of"),
        ({"digest": ["daily"]}, "digest is one of at_once, hourly, daily"),
        ({"alert": ["custom"]}, "There is no preference 'alert'; did you mean alerts"),
        ({"digest_at": "7:00"}, "digest_at is a time in New York, such as 07:00"),
        ({"digest_at": 7}, "digest_at is a time in New York, such as 07:00"),
        ({"quiet_from": "22:00"}, "A quiet period has a beginning and another time as its end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "A quiet period has a beginning and another time"),
    ],
)
def test_preferences_that_nobody_reads_are_refused_when_they_are_entered(preferences, words):
    with pytest.raises(ValidationError, match=words) as refusal:
        client(preferences)
    assert set(refusal.value.message_dict) == {"notification_preferences"}


def test_reports_without_an_address_are_refused_when_they_are_asked_for():
    with pytest.raises(ValidationError, match="give the address") as refusal:
        client({"reports": ["daily_digest"]}, contact_email=None)
    assert set(refusal.value.message_dict) == {"contact_email"}


@pytest.mark.parametrize("least", ["60", True, -1, 101])
def test_a_least_score_of_reports_that_is_none_is_refused_when_it_is_entered(least):
    with pytest.raises(ValidationError, match="min_score is the least score"):
        client(custom_thresholds={"min_score": least})


def told(watch: Alert) -> list[str]:
    record_alert_trigger(alert=watch, cause="1", reason="x")
    return list(AlertNotice.objects.filter(trigger__alert=watch).values_list("recipient", flat=True))


def alert(of: Client, **fields: Any) -> Alert:
    values = {"name": "Watch", "alert_type": "new_signal", "notification_channels": ["email"], "client": of}
    made = Alert(**values | fields)
    made.full_clean()
    made.save()
    return made


@pytest.mark.parametrize(
    ("preferences", "recipients"),
    [
        ({}, ["fund@example.org"]),
        ({"alerts": ["new_signal", "custom"]}, ["fund@example.org"]),
        ({"alerts": ["score_threshold"]}, []),
        ({"alerts": []}, []),
    ],
)
def test_a_client_is_written_to_about_the_alerts_that_it_wants(preferences, recipients):
    assert told(alert(client(preferences))) == recipients


def test_whom_an_alert_names_itself_is_written_to_whatever_the_client_prefers():
    watch = alert(client({"alerts": [], "digest": "daily"}), recipients=["desk@example.org"])
    assert told(watch) == ["desk@example.org"]
    notice = AlertNotice.objects.select_related("trigger").get()
    assert notice.next_attempt_at == notice.trigger.triggered_at


def test_a_client_has_its_alerts_gathered_as_it_wants():
    watch = alert(client({"digest": "daily"}), digest="hourly", digest_at=dt.time(16, 30))
    told(watch)
    notice = AlertNotice.objects.select_related("trigger").get()
    expected = due_at(Alert(digest="daily", digest_at=dt.time(16, 30)), notice.trigger.triggered_at)
    assert notice.next_attempt_at == expected
    assert (expected.astimezone(dt.UTC).minute, expected > notice.trigger.triggered_at) == (30, True)


def test_a_clients_hours_stand_in_for_the_alerts_own():
    own = {"digest": "daily", "digest_at": "18:30", "quiet_from": "18:00", "quiet_until": "19:15"}
    watch = alert(client(own), digest_at=dt.time(7), quiet_from=dt.time(1), quiet_until=dt.time(2))
    told(watch)
    due = AlertNotice.objects.get().next_attempt_at.astimezone(NEW_YORK)
    # at half past six the quiet hours have begun: it waits for their end
    assert (due.hour, due.minute) == (19, 15)
    half = alert(client({"digest": "daily"}), name="Half", digest_at=dt.time(7), quiet_from=dt.time(6, 30),
                 quiet_until=dt.time(7, 45))  # fmt: skip
    told(half)
    due = AlertNotice.objects.get(trigger__alert=half).next_attempt_at.astimezone(NEW_YORK)
    assert (due.hour, due.minute) == (7, 45)
