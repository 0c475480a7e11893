"""A client's form: preferences and thresholds as fields, kept and refused as the API keeps and refuses them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from delivery.choices import AlertType
from delivery.models import Client
from delivery.services import issue_client
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
PREFERENCES, THRESHOLDS = "notification_preferences", "custom_thresholds"
ALL = list(AlertType.values)


@pytest.fixture
def boss() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss"))
    return browser


def form(preferences: dict[str, Any] | None = None, thresholds: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Return what the browser sends."""
    sent = {f"{PREFERENCES}-{name}": value for name, value in {"alerts": ALL, **(preferences or {})}.items()}
    sent |= {f"{THRESHOLDS}-{name}": value for name, value in (thresholds or {}).items()}
    return {
        "client_name": "Fund", "client_type": "hedge_fund", "contact_email": "fund@example.org", "is_active": "on",
        "scopes": ["read"], "rate_limit_per_hour": "100", "watchlist_tickers": "", f"{PREFERENCES}-sent": "yes",
        f"{THRESHOLDS}-sent": "yes", "usage-TOTAL_FORMS": "0", "usage-INITIAL_FORMS": "0", **sent, **fields,
    }  # fmt: skip


def saved(browser: Browser, sent: dict[str, Any]) -> Client:
    client, _ = issue_client(client_name="Fund", contact_email="fund@example.org")
    answer = browser.post(reverse("admin:delivery_client_change", args=[client.pk]), sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    client.refresh_from_db()
    return client


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({}, {}),
        ({"alerts": []}, {"alerts": []}),
        ({"alerts": ["custom"], "digest": "daily", "digest_at": "18:30"},
         {"alerts": ["custom"], "digest": "daily", "digest_at": "18:30"}),
        ({"reports": ["weekly_watchlist"], "format": "xlsx"}, {"reports": ["weekly_watchlist"], "format": "xlsx"}),
        ({"quiet_from": "22:00", "quiet_until": "6:05"}, {"quiet_from": "22:00", "quiet_until": "06:05"}),
    ],
)  # fmt: skip
def test_preferences_are_ticked_and_chosen_and_come_back_as_they_were(boss, typed, kept):
    client = saved(boss, form(typed))
    assert client.notification_preferences == kept
    page = boss.get(reverse("admin:delivery_client_change", args=[client.pk]))
    shown = page.context["adminform"].form[PREFERENCES].field.form_class.to_initial(kept)
    assert shown["alerts"] == kept.get("alerts", ALL)
    assert boss.post(reverse("admin:delivery_client_change", args=[client.pk]), form(typed)).status_code == 302
    client.refresh_from_db()
    assert client.notification_preferences == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"digest_at": "7pm"}, "Daily at: write the time as 07:00, of 24 hours."),
        ({"digest_at": "25:00"}, "Daily at: write the time as 07:00, of 24 hours."),
        ({"quiet_from": "22:00"}, "A quiet period has a beginning and another time as its end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "A quiet period has a beginning and another time as its end"),
        ({"alerts": ["gossip"]}, "Alerts by e-mail: Select a valid choice. gossip"),
        ({"format": "docx"}, "Format of the reports: Select a valid choice. docx"),
    ],
)
def test_preferences_that_cannot_be_are_refused_and_what_was_typed_stays(boss, typed, words):
    client, _ = issue_client(client_name="Fund")
    answer = boss.post(reverse("admin:delivery_client_change", args=[client.pk]), form(typed))
    text = answer.content.decode().replace("&#x27;", "'")
    assert words in text
    for name in ("digest_at", "quiet_from"):
        if name in typed:
            assert f'value="{typed[name]}"' in text
    client.refresh_from_db()
    assert client.notification_preferences == {}


def test_reports_need_the_address(boss):
    client, _ = issue_client(client_name="Fund")
    sent = form({"reports": ["daily_digest"]}, contact_email="")
    answer = boss.post(reverse("admin:delivery_client_change", args=[client.pk]), sent)
    assert "Reports are sent by e-mail: give the address" in answer.content.decode()


def test_thresholds_are_numbers_and_what_else_is_kept_stays(boss):
    typed = {
        "score_threshold": "65", "score_change": "-4.5", "min_score": "", "watchlist_change": "",
        "other-key": ["desk", ""], "other-value": ["7", ""],
    }  # fmt: skip
    client = saved(boss, form(thresholds=typed))
    assert client.custom_thresholds == {"desk": 7, "score_threshold": 65, "score_change": -4.5}
    page = boss.get(reverse("admin:delivery_client_change", args=[client.pk])).content.decode()
    assert f'name="{THRESHOLDS}-score_change" value="-4.5"' in page
    assert 'value="desk"' in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"score_threshold": "high"}, "Score threshold: Enter a number."),
        ({"score_change": "0"}, "score_change is a number of points, not 0 and at most 100."),
        ({"min_score": "101"}, "min_score is the least score that reports list"),
        ({"other-key": ["score_change"], "other-value": ["5"]}, "Other: score_change has a field of its own."),
    ],
)
def test_thresholds_that_cannot_be_are_refused_in_words(boss, typed, words):
    client, _ = issue_client(client_name="Fund")
    answer = boss.post(reverse("admin:delivery_client_change", args=[client.pk]), form(thresholds=typed))
    assert words in answer.content.decode()
    client.refresh_from_db()
    assert client.custom_thresholds == {}


def test_a_ticker_that_nobody_has_is_named_with_the_near_ones(boss):
    CompanyFactory(ticker="VRTX")
    client, _ = issue_client(client_name="Fund")
    answer = boss.post(reverse("admin:delivery_client_change", args=[client.pk]), form(watchlist_tickers="VRTY\nQ"))
    assert "No live company has the ticker: VRTY (near: VRTX), Q." in answer.content.decode()


def test_two_people_who_differ_over_preferences_are_shown_both(boss):
    client, _ = issue_client(client_name="Fund", contact_email="fund@example.org")
    change = reverse("admin:delivery_client_change", args=[client.pk])
    seen = boss.get(change).context["seen"]
    Client.objects.update(notification_preferences={"digest": "hourly"})
    answer = boss.post(change, form({"digest": "daily"}, **{"desk-seen": seen}))
    [conflict] = answer.context["conflicts"]
    assert (conflict.field, conflict.mine, conflict.theirs) == (PREFERENCES, "digest: daily", "digest: hourly")
