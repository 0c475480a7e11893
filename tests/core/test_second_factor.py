"""The second factor: turned on, asked for, guessed, recovered and turned off."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import logging
import re

import pytest
from django.db import connection
from django.utils import timezone

from biotech_ma.core import second_factor
from biotech_ma.core.login_attempts import LoginAttempt
from biotech_ma.core.second_factor import RecoveryCode, SecondFactor, SecondFactorError, check_code
from tests.core.second_factor_desk import (
    CODE,
    INDEX,
    PAGE,
    PASSWORD,
    is_in,
    log_of,
    made_anna,  # noqa: F401 - a fixture
    quick_hashes,  # noqa: F401 - a fixture
    sign_in,
    still_clock,  # noqa: F401 - a fixture
    totp,
    turn_on,
)

pytestmark = pytest.mark.django_db


def test_the_code_of_the_test_is_the_standards_own():
    # RFC 6238, appendix B, SHA-1, the last six digits
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [totp(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def test_it_is_off_until_the_first_code_and_asked_for_from_then_on(anna, clock):
    browser = sign_in()
    browser.get(PAGE)
    assert is_in(sign_in())  # offered is not on
    secret, _ = turn_on(browser, clock)
    assert is_in(browser)
    other = sign_in(target="/admin/companies/company/")
    answer = other.get("/admin/companies/company/?q=x")
    assert answer["Location"] == f"{CODE}?next=%2Fadmin%2Fcompanies%2Fcompany%2F%3Fq%3Dx"
    asked = other.get(answer["Location"])
    assert "Six digits" in asked.content.decode()
    assert 'autocomplete="one-time-code"' in asked.content.decode()
    answer = other.post(answer["Location"], {"code": totp(secret, clock.now)})
    assert answer["Location"] == "/admin/companies/company/?q=x"
    assert is_in(other)
    assert log_of(anna) == ["Second factor turned on."]


def test_a_password_alone_is_nobody_everywhere(anna, clock):
    secret, _ = turn_on(sign_in(), clock)
    half = sign_in()
    for address in (
        "/admin/companies/company/",
        "/admin/preferences/",
        "/admin/password_change/",
        PAGE,
        "/admin/search/",
    ):
        assert half.get(address).status_code == 302, address
        assert half.post(address, {}).status_code == 302, address
    assert half.post("/admin/companies/company/add/", {"name": "Acme", "role": "target"}).status_code == 302
    assert "anna" not in half.get("/api/docs/").content.decode()
    # the page that is open without a code still takes nobody for signed in
    assert half.post(PAGE, {"code": totp(secret, clock.now)})["Location"].startswith("/admin/login/")
    half.get("/admin/logout/")
    half.post(CODE, {"leave": ""})
    assert half.get(INDEX)["Location"].startswith("/admin/login/?next")


@pytest.mark.parametrize("seconds", [-61, -30, 0, 30, 61])
def test_a_code_counts_for_its_half_minute_and_the_two_beside_it(anna, clock, seconds):
    secret, _ = turn_on(sign_in(), clock)
    clock.now += 300
    half = sign_in()
    half.post(CODE, {"code": totp(secret, clock.now + seconds)})
    assert is_in(half) is (abs(seconds) <= 30)


def test_a_code_counts_once_and_none_from_before_it(anna, clock):
    secret, _ = turn_on(sign_in(), clock)
    first, second, third = sign_in(), sign_in(), sign_in()
    code, before = totp(secret, clock.now), totp(secret, clock.now - 30)
    first.post(CODE, {"code": f" {code[:3]} {code[3:]} "})
    assert is_in(first)
    answer = second.post(CODE, {"code": code})
    assert "has been used" in answer.content.decode()
    assert not is_in(second)
    third.post(CODE, {"code": before})
    assert not is_in(third)
    clock.now += 30
    second.post(CODE, {"code": totp(secret, clock.now)})
    assert is_in(second)


def test_the_code_that_turned_it_on_does_not_sign_in(anna, clock):
    browser = sign_in()
    secret, _ = turn_on(browser, clock)
    clock.now -= 60
    half = sign_in()
    half.post(CODE, {"code": totp(secret, clock.now)})
    assert not is_in(half)


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", "٠١٢٣٤٥", "x" * 500, "\x00" * 6, "a\ud800"]
)
def test_a_wrong_code_lets_nobody_in(anna, clock, code, monkeypatch):
    _secret, _ = turn_on(sign_in(), clock)
    monkeypatch.setattr(second_factor.pyotp.TOTP, "generate_otp", lambda self, step: "314159")
    half = sign_in()
    assert half.post(CODE, {"code": code.encode("utf-8", "surrogatepass")}).status_code == 200
    assert not is_in(half)


def test_guesses_are_counted_by_user_over_all_sessions_and_addresses(anna, clock):
    secret, codes = turn_on(sign_in(), clock)
    for place in range(5):
        answer = sign_in().post(CODE, {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{place}")
        assert "does not count" in answer.content.decode()
    for right in (totp(secret, clock.now), codes[0]):
        answer = sign_in().post(CODE, {"code": right}, REMOTE_ADDR="198.51.100.1")
        assert "Too many codes were tried. Try again in 5 minutes" in answer.content.decode()
    # nothing of what came too late was used up
    LoginAttempt.objects.update(until=timezone.now() - dt.timedelta(seconds=1))
    half = sign_in()
    half.post(CODE, {"code": codes[0]})
    assert is_in(half)


def test_a_recovery_code_stands_in_once_and_only_its_digest_is_kept(anna, clock):
    _, codes = turn_on(sign_in(), clock)
    assert len(set(codes)) == 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM recovery_codes")
        kept = {row[0] for row in cursor.fetchall()}
    assert kept == {hashlib.sha256(f"{anna.pk}:{code.replace('-', '')}".encode()).hexdigest() for code in codes}
    half = sign_in()
    half.post(CODE, {"code": codes[3].upper().replace("-", " ")})
    assert is_in(half)
    assert "9 of 10 recovery codes" in half.get(PAGE).content.decode()
    again = sign_in()
    again.post(CODE, {"code": codes[3]})
    assert not is_in(again)
    assert log_of(anna)[-1] == "Signed in, or confirmed, with a recovery code."


def test_new_recovery_codes_take_password_and_code_and_end_the_former(anna, clock):
    browser = sign_in()
    secret, codes = turn_on(browser, clock)
    for sent in ({"code": totp(secret, clock.now)}, {"password": "wrong", "code": totp(secret, clock.now)},
                 {"password": PASSWORD, "code": "000000"}):  # fmt: skip
        assert not re.search(r"<span>[a-z0-9-]{19}", browser.post(PAGE, {**sent, "renew": ""}).content.decode())
    answer = browser.post(PAGE, {"password": PASSWORD, "code": totp(secret, clock.now), "renew": ""})
    fresh = re.findall(r"<span>([a-z0-9-]{19})</span>", answer.content.decode())
    assert len(fresh) == 10
    assert "no-store" in answer["Cache-Control"]
    with pytest.raises(SecondFactorError):
        check_code(anna, codes[0])
    check_code(anna, fresh[0])


def test_turning_off_takes_password_and_code(anna, clock):
    browser = sign_in()
    secret, _ = turn_on(browser, clock)
    assert "not your password" in browser.post(PAGE, {"password": "x", "code": "1", "turn_off": ""}).content.decode()
    assert SecondFactor.objects.exists()
    browser.post(PAGE, {"password": PASSWORD, "code": totp(secret, clock.now), "turn_off": ""})
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert is_in(sign_in())
    assert log_of(anna) == ["Second factor turned on.", "Second factor turned off."]


def test_passwords_are_not_tried_without_end_on_the_page(anna, clock):
    browser = sign_in()
    turn_on(browser, clock)
    for _ in range(5):
        browser.post(PAGE, {"password": "wrong", "code": "1", "turn_off": ""})
    answer = browser.post(PAGE, {"password": PASSWORD, "code": "1", "turn_off": ""})
    assert "Too many codes" in answer.content.decode()


def test_the_secret_is_encrypted_at_rest_shown_before_it_is_on_and_never_after(anna, clock, caplog):
    caplog.set_level(logging.DEBUG)
    browser = sign_in()
    secret, codes = turn_on(browser, clock)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM second_factors")
        stored = cursor.fetchone()[0]
    assert secret not in stored
    assert stored.startswith("gAAAA")
    later = browser.get(PAGE).content.decode()
    assert secret not in "".join(later.split())
    assert "svg" not in re.search(r'class="desk-card desk-confirm".*', later, re.S)[0]
    assert not {secret, *codes} & set(re.findall(r"[\w-]+", caplog.text))


def test_the_picture_says_what_the_secret_says(anna, clock, monkeypatch):
    drawn: list[str] = []
    make = second_factor.pyotp and __import__("segno").make
    monkeypatch.setattr(
        "biotech_ma.core.admin.second_factor.segno.make", lambda text, **how: drawn.append(text) or make(text, **how)
    )
    page = sign_in().get(PAGE, headers={"host": "localhost"}).content.decode()
    secret = "".join(re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].split())
    assert drawn == [f"otpauth://totp/biotech_ma:anna%40localhost?secret={secret}&issuer=biotech_ma"]
    assert "<svg" in page
    assert len(base64.b32decode(secret)) >= 20


def test_a_reload_offers_the_same_secret(anna):
    browser = sign_in()
    secrets = {re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', browser.get(PAGE).content.decode())[1] for _ in range(3)}
    assert len(secrets) == 1
