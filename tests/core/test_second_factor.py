"""The second factor: turned on by a code, asked for at sign-in, counted, used once, reset on record."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import io
import logging
import re
import struct
import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from biotech_ma.core import second_factor
from biotech_ma.core.login_attempts import LoginAttempt
from biotech_ma.core.second_factor import RecoveryCode, SecondFactor, SecondFactorError, check_code
from biotech_ma.core.second_factor_gate import KEY
from tests.concurrency import together

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
PAGE, CODE, INDEX = "/admin/second-factor/", "/admin/login/code/", "/admin/"
NOON = 1_800_000_000  # a whole number of half minutes since 1970


def totp(secret: str, at: float) -> str:
    """Return the code of a moment, worked out as RFC 6238 and RFC 4226 say."""
    counter = struct.pack(">Q", int(at) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def test_the_code_of_the_test_is_the_standards_own():
    # RFC 6238, appendix B, SHA-1, the last six digits
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [totp(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


class Clock:
    def __init__(self) -> None:
        self.now = float(NOON)

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(second_factor, "time", found)
    return found


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def anna(db: None) -> User:
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


def test_an_administrator_resets_it_with_a_reason_on_record(anna, clock):
    turn_on(sign_in(), clock)
    boss = User.objects.create_user("boss", password=PASSWORD, is_staff=True, is_superuser=True)
    browser = sign_in("boss")
    address = f"/admin/auth/user/{anna.pk}/reset-second-factor/"
    assert "Reset the second factor of anna?" in browser.get(address).content.decode()
    browser.post(address, {"confirmed": "yes", "reason": ""})
    assert SecondFactor.objects.exists()
    browser.post(address, {"confirmed": "yes", "reason": "lost her phone"})
    assert not SecondFactor.objects.exists()
    entry = LogEntry.objects.filter(object_id=str(anna.pk)).latest("pk")
    assert (entry.user, entry.change_message) == (boss, "Second factor reset: lost her phone")
    assert "lost her phone" in browser.get(f"/admin/auth/user/{anna.pk}/history/").content.decode()
    assert is_in(sign_in())


def test_a_user_who_waits_for_a_code_is_let_in_once_it_has_been_reset(anna, clock):
    turn_on(sign_in(), clock)
    half = sign_in()
    assert half.get(INDEX).status_code == 302
    SecondFactor.objects.all().delete()
    assert half.get(CODE)["Location"] == INDEX
    assert is_in(half)


def test_who_may_not_change_users_resets_nothing_nor_may_an_administrator_reset_superusers(anna, clock):
    turn_on(sign_in(), clock)
    for codenames in (["view_user"], ["view_user", "change_user"]):
        user = User.objects.create_user("-".join(codenames), password=PASSWORD, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        answer = sign_in(user.username).post(
            f"/admin/auth/user/{anna.pk}/reset-second-factor/", {"confirmed": "yes", "reason": "x"}
        )
        assert answer.status_code == 403
    assert SecondFactor.objects.exists()


def test_ones_own_is_not_reset_without_password_and_code(anna, clock):
    browser = sign_in()
    turn_on(browser, clock)
    answer = browser.post(f"/admin/auth/user/{anna.pk}/reset-second-factor/", {"confirmed": "yes", "reason": "x"})
    assert answer["Location"] == PAGE
    assert SecondFactor.objects.exists()


def test_the_list_of_users_tells_who_has_one(anna, clock):
    browser = sign_in()
    turn_on(browser, clock)
    User.objects.create_user("ben")
    rows = browser.get("/admin/auth/user/").context["cl"].result_list
    assert {user.username: user.signs_in_by_code for user in rows} == {"anna": True, "ben": False}


@pytest.mark.parametrize(
    ("wanted", "must"),
    [("off", set()), ("administrators", {"root", "boss"}), ("all", {"root", "boss", "analyst"})],
)
def test_who_must_have_one_gets_no_further_without(settings, clock, wanted, must):
    settings.REQUIRE_TOTP = wanted
    User.objects.create_superuser("root", password=PASSWORD)
    boss = User.objects.create_user("boss", password=PASSWORD, is_staff=True)
    boss.user_permissions.set(Permission.objects.filter(codename="change_user"))
    User.objects.create_user("analyst", password=PASSWORD, is_staff=True)
    for name in ("root", "boss", "analyst"):
        browser = sign_in(name)
        answer = browser.get(INDEX)
        assert (answer.status_code == 302) is (name in must), name
        if name in must:
            assert answer["Location"] == PAGE
            assert "is required here" in browser.get(PAGE).content.decode()
            secret, _ = turn_on(browser, clock)
            assert is_in(browser)
            browser.post(PAGE, {"password": PASSWORD, "code": totp(secret, clock.now), "turn_off": ""})
            assert SecondFactor.objects.filter(user__username=name).exists()
            assert "Turn off" not in browser.get(PAGE).content.decode()


def test_a_password_that_was_right_waits_ten_minutes_for_the_code(anna, clock):
    secret, _ = turn_on(sign_in(), clock)
    half = sign_in()
    half.get(INDEX)
    session = half.session
    session[KEY] = [anna.pk, "asked", time.time() - 601]
    session.save()
    answer = half.post(CODE, {"code": totp(secret, clock.now)})
    assert answer["Location"] == INDEX
    assert "_auth_user_id" not in half.session


def test_one_session_does_not_carry_over_to_another_user(anna, clock):
    _secret, _ = turn_on(sign_in(), clock)
    User.objects.create_superuser("ben", password=PASSWORD)
    browser = sign_in("ben")
    assert is_in(browser)
    sign_in("anna", browser)
    assert browser.get(INDEX)["Location"].startswith(CODE)
    # nor does another user's mark that was put into the session
    session = browser.session
    session[KEY] = [0, "given", 0]
    session.save()
    assert browser.get(INDEX)["Location"].startswith(CODE)


def test_the_code_leads_nowhere_else(anna, clock):
    secret, _ = turn_on(sign_in(), clock)
    half = sign_in()
    answer = half.post(f"{CODE}?next=https://evil.example/", {"code": totp(secret, clock.now)})
    assert answer["Location"] == INDEX


def test_a_page_costs_no_query_for_it(anna, clock):
    browser = sign_in()
    turn_on(browser, clock)
    browser.get("/admin/preferences/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/admin/preferences/")
    assert not [each for each in queries if "second_factors" in each["sql"]]


@pytest.mark.django_db(transaction=True)
def test_one_code_sent_twice_at_the_same_moment_counts_once(clock):
    anna = User.objects.create_superuser("anna", password=PASSWORD)
    secret, _ = turn_on(sign_in(), clock)
    code = totp(secret, clock.now)

    def use() -> bool:
        try:
            check_code(User.objects.get(pk=anna.pk), code)
        except SecondFactorError:
            return False
        finally:
            connection.close()
        return True

    assert sorted(together(use, use)) == [False, True]


def test_the_command_lists_and_resets(anna, clock, capsys):
    turn_on(sign_in(), clock)
    call_command("second_factor", "list")
    assert capsys.readouterr().out.startswith("anna  since 20")
    call_command("second_factor", "reset", "anna", "--reason", "lost her phone")
    assert "signs in with the password alone" in capsys.readouterr().out
    assert log_of(anna)[-1] == "Second factor reset on the command line: lost her phone"
    assert is_in(sign_in())
    call_command("second_factor", "reset", "anna", "--json")
    assert capsys.readouterr().out == '{"user": "anna", "changed": false}\n'
    with pytest.raises(CommandError, match="no user is called 'nobody'"):
        call_command("second_factor", "reset", "nobody", stdout=io.StringIO())


def test_a_requirement_that_is_none_is_refused(settings):
    settings.REQUIRE_TOTP = "sometimes"
    assert "biotech_ma.E001" in {each.id for each in run_checks()}
    settings.REQUIRE_TOTP = "all"
    assert "biotech_ma.E001" not in {each.id for each in run_checks()}
