"""Passwords cannot be tried without end, and nobody is kept out by others."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from biotech_ma.core import login_attempts
from biotech_ma.core.login_attempts import MOST_BY_ADDRESS, MOST_BY_NAME, LoginAttempt, take_attempt

PASSWORD = "a long enough password"
THROTTLED = "Too many attempts to sign in"


@pytest.fixture
def analyst(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_superuser("analyst", password=PASSWORD)


def sign_in(name: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    data = {"username": name, "password": password, "next": "/admin/"}
    return Browser(headers=headers).post("/admin/login/", data, REMOTE_ADDR=address)


@pytest.mark.parametrize("name", ["analyst", "nobody"])
def test_attempts_are_refused_after_the_fifth_whether_the_name_exists_or_not(analyst, name):
    for _ in range(MOST_BY_NAME):
        assert THROTTLED not in sign_in(name, "wrong").content.decode()
    assert THROTTLED in sign_in(name.upper(), PASSWORD).content.decode()
    # From elsewhere the analyst signs in all the same.
    assert sign_in("analyst", PASSWORD, address="192.0.2.2").status_code == 302


def test_refused_attempt_compares_no_password(analyst, monkeypatch):
    for _ in range(MOST_BY_NAME):
        sign_in("analyst", "wrong")
    monkeypatch.setattr(User, "check_password", lambda *args: pytest.fail("compared"))
    assert THROTTLED in sign_in("analyst", PASSWORD).content.decode()


def test_one_address_cannot_try_many_names(analyst):
    for place in range(MOST_BY_ADDRESS):
        assert THROTTLED not in sign_in(f"name{place}", "wrong").content.decode()
    assert THROTTLED in sign_in("another", "wrong").content.decode()


def test_signing_in_clears_the_count_and_the_window_ends(analyst):
    for _ in range(MOST_BY_NAME - 1):
        sign_in("analyst", "wrong")
    assert sign_in("analyst", PASSWORD).status_code == 302
    for _ in range(MOST_BY_NAME):
        assert THROTTLED not in sign_in("analyst", "wrong").content.decode()
    assert THROTTLED in sign_in("analyst", PASSWORD).content.decode()
    LoginAttempt.objects.update(until=timezone.now() - dt.timedelta(seconds=1))
    assert sign_in("analyst", PASSWORD).status_code == 302


def test_address_behind_the_proxy_is_the_one_that_the_proxy_saw(analyst, settings):
    settings.HTTPS, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    for place in range(MOST_BY_NAME + 1):
        forged = {"X-Forwarded-For": f"203.0.113.{place}, 198.51.100.7", "X-Forwarded-Proto": "https"}
        answer = sign_in("analyst", "wrong", **forged)
    assert THROTTLED in answer.content.decode()


def test_forged_address_counts_for_nothing_without_a_proxy(analyst):
    for place in range(MOST_BY_NAME + 1):
        answer = sign_in("analyst", "wrong", **{"X-Forwarded-For": f"203.0.113.{place}"})
    assert THROTTLED in answer.content.decode()


def test_neither_names_nor_addresses_are_kept(analyst):
    sign_in("analyst", "wrong")
    assert all(len(row.key) == 64 and "192.0.2" not in row.key for row in LoginAttempt.objects.all())


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_moment_all_count():
    def attempt(place: int) -> int:
        try:
            return take_attempt(name="analyst", address="192.0.2.1")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(attempt, range(20)))
    assert sum(wait == 0 for wait in waits) == MOST_BY_NAME
    assert max(waits) <= login_attempts.WINDOW.total_seconds()
