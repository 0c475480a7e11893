"""What is new to a user, and the zone that times are shown in: one user's marks are no other user's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.desk_profiles import DeskProfile, look, mark_seen, zone_of
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PREFERENCES = reverse("preferences")


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("analyst", password="x")


@pytest.fixture
def browser(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


def test_the_first_visit_has_none_before_it(user):
    assert look(user.pk, MONDAY) is None
    assert look(user.pk, MONDAY + HOUR) is None


def test_a_reload_leaves_the_mark_and_the_next_morning_moves_it(user):
    look(user.pk, MONDAY)
    last = MONDAY + 3 * HOUR
    look(user.pk, last)  # within four hours: the same visit
    morning = MONDAY + 24 * HOUR
    assert look(user.pk, morning) == last
    assert look(user.pk, morning + dt.timedelta(seconds=5)) == last
    assert look(user.pk, morning + 3 * HOUR) == last
    assert look(user.pk, morning + 6 * HOUR) == last  # three hours after the look before
    assert look(user.pk, morning + 11 * HOUR) == morning + 6 * HOUR


def test_marks_are_each_users_own(user):
    other = User.objects.create_user("other")
    look(user.pk, MONDAY)
    assert look(user.pk, MONDAY + 24 * HOUR) == MONDAY
    assert look(other.pk, MONDAY + 24 * HOUR) is None


def test_marked_as_seen_counts_from_there(user, browser):
    browser.get(reverse("admin:index"))
    before = timezone.now()
    assert browser.get(reverse("seen")).status_code == 405
    assert browser.post(reverse("seen")).status_code == 302
    since = browser.get(reverse("admin:index")).context["since"]
    assert before <= since.at <= timezone.now()
    assert since.words == "your last visit"


def test_choosing_a_zone_is_no_visit(user):
    DeskProfile.objects.create(user=user, time_zone="Asia/Tokyo")
    assert look(user.pk, MONDAY) is None
    assert zone_of(user.pk) == "Asia/Tokyo"


def test_the_first_page_says_since_when_and_lists_what_is_new(user, browser):
    mark_seen(user.pk, timezone.now() - HOUR)
    now = timezone.now()
    SignalFactory(title="A grave matter", severity="critical", event_date=now, available_at=now)
    SignalFactory(title="Long known", severity="high")  # of 2025, loaded now: history, no news
    text = browser.get(reverse("admin:index")).content.decode()
    assert "your last visit" in text
    assert "A grave matter" in text
    assert "Long known" not in text
    tiles = {tile.title: tile for tile in browser.get(reverse("admin:index")).context["tiles"]}
    assert tiles["New signals"].value == "1"
    assert "severity__exact=critical" in tiles["New signals"].parts[0]


def test_a_span_is_counted_back_from_the_newest_data_where_that_is_old(user, browser):
    SignalFactory(severity="high")  # known since 2025-06-01 12:00 UTC
    since = browser.get(reverse("admin:index") + "?since=7d").context["since"]
    assert since.at == dt.datetime(2025, 5, 25, 12, tzinfo=dt.UTC)
    assert since.words == "the 7 days up to the newest data, of 2025-06-01"
    first = browser.get(reverse("admin:index") + "?since=nonsense").context["since"]
    assert first.words.startswith("your first visit: the 30 days")


def test_times_are_shown_in_the_users_zone(user, browser):
    row = CompanyFactory()
    page = reverse("admin:companies_company_history", args=[row.pk])
    row.refresh_from_db()
    utc = row.created_at.astimezone(dt.UTC)
    assert f"{utc:%Y-%m-%d %H:%M}" in browser.get(page).content.decode()
    # eleven hours ahead all year, without summer time
    assert browser.post(PREFERENCES, {"time_zone": "Pacific/Noumea"}).status_code == 302
    ahead = utc + dt.timedelta(hours=11)
    assert f"{ahead:%Y-%m-%d %H:%M}" in browser.get(page).content.decode()
    other = Browser()
    other.force_login(user)
    assert f"{ahead:%Y-%m-%d %H:%M}" in other.get(page).content.decode()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "\x00", "x" * 5000, "localtime"])
def test_what_is_no_zone_is_refused(user, browser, zone):
    answer = browser.post(PREFERENCES, {"time_zone": zone})
    assert answer.status_code == 200
    assert (
        "is not one of the available choices" in answer.content.decode() or "Null characters" in answer.content.decode()
    )
    assert zone_of(user.pk) == ""


def test_preferences_want_somebody_signed_in(client):
    assert client.get(PREFERENCES).status_code == 302
    assert client.post(reverse("seen")).status_code == 302
    assert not DeskProfile.objects.exists()
