"""A clock, a user and her device for the tests of the second factor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client as Browser

from biotech_ma.core import second_factor

PASSWORD = "a long enough password"
PAGE, CODE, INDEX = "/admin/second-factor/", "/admin/login/code/", "/admin/"
NOON = 1_800_000_000  # a whole number of half minutes since 1970


def totp(secret: str, at: float) -> str:
    """Return the code of a moment, worked out as RFC 6238 and RFC 4226 say."""
    counter = struct.pack(">Q", int(at) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


class Clock:
    def __init__(self) -> None:
        self.now = float(NOON)

    def time(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def still_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(second_factor, "time", found)
    return found


@pytest.fixture(name="quick", autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(name="anna")
def made_anna(db: None) -> User:
    return User.objects.create_superuser("anna", password=PASSWORD)


def sign_in(name: str = "anna", browser: Browser | None = None, target: str = INDEX) -> Browser:
    browser = browser or Browser()
    answer = browser.post(f"/admin/login/?next={target}", {"username": name, "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    return browser


def turn_on(browser: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Turn the second factor on as a user does; return the secret and the recovery codes, a minute later."""
    page = browser.get(PAGE).content.decode()
    secret = "".join(re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].split())
    answer = browser.post(PAGE, {"code": totp(secret, clock.now)})
    codes = re.findall(r"<span>([a-z0-9-]{19})</span>", answer.content.decode())
    assert len(codes) == 10, answer.content.decode()
    clock.now += 60
    return secret, codes


def log_of(user: User) -> list[str]:
    return [each.change_message for each in LogEntry.objects.filter(object_id=str(user.pk)).order_by("pk")]


def is_in(browser: Browser) -> bool:
    return browser.get(INDEX).status_code == 200
