"""The second factor in the hands of others: reset, required, kept to one session, used once at the same moment."""

from __future__ import annotations

import io
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.second_factor import SecondFactor, SecondFactorError, _use_step, check_code
from biotech_ma.core.second_factor_gate import KEY
from tests.concurrency import together
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

    read_before = SecondFactor.objects.get(user=anna)

    def use() -> bool:
        try:
            check_code(User.objects.get(pk=anna.pk), code)
        except SecondFactorError:
            return False
        finally:
            connection.close()
        return True

    assert sorted(together(use, use)) == [False, True]
    # whoever read the row before the code counted comes too late
    assert not _use_step(read_before, code)


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
