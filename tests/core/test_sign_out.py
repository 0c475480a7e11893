"""Signing out: at the provider, too, from the provider, everywhere else, and by an administrator."""

from __future__ import annotations

import html
import itertools
import re
import time
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.oidc import flow
from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.second_factor import SecondFactor
from biotech_ma.core.session_limits import SEEN
from biotech_ma.core.sign_ins import SignIn, forget_sign_ins
from tests.core.provider_sign_in import (
    INDEX,
    LOGIN,
    running_provider,  # noqa: F401 - a fixture
    sign_in,
)
from tests.core.test_oidc_answers import by_the_public_key, unsigned
from tests.identity_provider import CLIENT, IdentityProvider, signed

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
LOGOUT, BACK, PAGE = "/admin/logout/", "/admin/login/provider/logout/", "/admin/sign-ins/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_tokens = itertools.count()


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def is_in(browser: Browser) -> bool:
    return browser.get("/admin/preferences/").status_code == 200


def by_password(name: str, **headers: str) -> Browser:
    browser = Browser(headers=headers)
    answer = browser.post(LOGIN, {"username": name, "password": PASSWORD, "next": INDEX})
    assert answer.status_code == 302
    return browser


def told(at: IdentityProvider, by: Any = signed, **about: Any) -> int:
    """Let the provider say that somebody has left; return the status of the answer."""
    claims = at.logout_claims(**{"jti": f"token {next(_tokens)}", **about})
    claims = {name: value for name, value in claims.items() if value is not ...}
    answer = Browser(enforce_csrf_checks=True).post(BACK, {"logout_token": by(claims)})
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code


def leads_to(answer: Any) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', answer.content.decode())
    return html.unescape(found[1]) if found else ""


# --- at the provider, too


def test_signing_out_leads_to_the_provider_with_the_token_and_back_to_the_sign_in_page(idp):
    idp.ends_sessions = True
    given: list[str] = []
    idp.token = lambda claims: given.append(signed(claims)) or given[-1]
    browser, _ = sign_in(idp)
    answer = browser.post(LOGOUT)
    parts = urlsplit(leads_to(answer))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{idp.issuer}/leave"
    state = query.pop("state")
    assert len(state) >= 20
    assert query == {
        "id_token_hint": given[0], "client_id": CLIENT, "post_logout_redirect_uri": f"http://testserver{LOGIN}",
    }  # fmt: skip
    assert not is_in(browser)
    assert not SignIn.objects.exists()
    assert browser.get(idp.leave(leads_to(answer)).removeprefix("http://testserver")).status_code == 200


def test_a_token_too_long_for_an_address_stays_out_of_it(idp):
    idp.ends_sessions = True
    idp.person["groups"] = ["g" * 100] * 80
    browser, _ = sign_in(idp)
    assert "id_token_hint" not in leads_to(browser.post(LOGOUT))


def test_whoever_signed_in_under_a_key_that_is_gone_signs_out_all_the_same(idp, settings):
    idp.ends_sessions = True
    browser, _ = sign_in(idp)
    settings.FIELD_KEYS = ["another key, of thirty-two letters or more"]
    assert browser.get(PAGE).status_code == 200
    there = leads_to(browser.post(LOGOUT))
    assert there.startswith(f"{idp.issuer}/leave?")
    assert "id_token_hint" not in there


@pytest.mark.parametrize("where", ["", "http://evil.example/leave", "javascript:alert(1)", None, 7])
def test_without_an_address_to_sign_out_at_the_session_ends_here_alone(idp, where):
    idp.document = {"end_session_endpoint": where}
    browser, _ = sign_in(idp)
    answer = browser.post(LOGOUT)
    assert leads_to(answer) == ""
    assert "You are signed out" in answer.content.decode()
    assert not is_in(browser)


def test_a_provider_that_is_down_does_not_keep_anybody_in(idp):
    idp.ends_sessions = True
    browser, _ = sign_in(idp)
    flow._client.cache_clear()
    idp.status = 503
    text = browser.post(LOGOUT).content.decode()
    assert "Example Capital does not answer: you may still be signed in there" in text
    assert not is_in(browser)


def test_whoever_has_given_a_password_is_not_sent_to_the_provider(idp):
    idp.ends_sessions = True
    User.objects.create_superuser("ben", password=PASSWORD)
    assert leads_to(by_password("ben").post(LOGOUT)) == ""
    assert Browser().post(LOGOUT).status_code == 200
    assert Browser().get(LOGOUT).status_code == 405


def test_whoever_waits_for_a_code_leaves_the_provider_too(idp):
    idp.ends_sessions = True
    sign_in(idp)
    SecondFactor.objects.create(user=User.objects.get(), secret="A" * 32, confirmed_at="2026-01-01T00:00Z")
    browser, _ = sign_in(idp)
    assert browser.get(INDEX)["Location"].startswith("/admin/login/code/")
    assert leads_to(browser.post("/admin/login/code/", {"leave": ""})).startswith(f"{idp.issuer}/leave")
    assert "_auth_user_id" not in browser.session


# --- from the provider


def test_a_logout_token_ends_the_session_that_it_names_and_no_other(idp):
    browsers = {}
    for sid in ("one", "two"):
        idp.person["sid"] = sid
        browsers[sid], _ = sign_in(idp)
    User.objects.create_superuser("ben", password=PASSWORD)
    ben = by_password("ben")
    assert told(idp, sid="one") == 200
    assert (is_in(browsers["one"]), is_in(browsers["two"]), is_in(ben)) == (False, True, True)
    assert told(idp, sid="two", sub="somebody else") == 200
    assert is_in(browsers["two"])
    assert told(idp, sid="two", sub="subject-1") == 200
    assert (is_in(browsers["two"]), is_in(ben)) == (False, True)


def test_a_logout_token_of_a_user_ends_all_that_the_provider_began(idp):
    browsers = [sign_in(idp)[0], sign_in(idp)[0]]
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    by_hand = by_password("anna")
    browsers.append(sign_in(idp)[0])
    idp.person |= {"sub": "subject-2", "email": "carl@desk.example", "preferred_username": "carl"}
    carl, _ = sign_in(idp)
    assert told(idp, sub="subject-1") == 200
    assert [is_in(each) for each in browsers] == [False, False, False]
    assert (is_in(by_hand), is_in(carl)) == (True, True)


def test_a_session_without_the_providers_id_ends_with_any_of_its_user(idp):
    browser, _ = sign_in(idp)
    assert told(idp, sub="subject-1", sid="unheard of") == 200
    assert not is_in(browser)


def test_a_session_whose_code_is_due_ends_too_and_one_after_the_code_is_found(idp):
    sign_in(idp)
    SecondFactor.objects.create(user=User.objects.get(), secret="A" * 32, confirmed_at="2026-01-01T00:00Z")
    idp.person["sid"] = "one"
    browser, _ = sign_in(idp)
    # what a right code does, and a new password: the key of the session changes
    session = browser.session
    session.cycle_key()
    session.save()
    browser.cookies["sessionid"] = session.session_key
    assert browser.get(INDEX)["Location"].startswith("/admin/login/code/")
    assert SignIn.objects.get(provider_session="one").session_key == session.session_key
    assert told(idp, sid="one") == 200
    assert browser.get(INDEX)["Location"].startswith("/admin/login/?next")


def test_a_logout_token_counts_once_and_is_not_used_up_by_one_that_is_refused(idp):
    browser, _ = sign_in(idp)
    assert told(idp, sub="subject-1", jti="x", aud="another") == 400
    assert told(idp, sub="subject-1", jti="x") == 200
    assert not is_in(browser)
    browser, _ = sign_in(idp)
    assert told(idp, sub="subject-1", jti="x") == 400
    assert is_in(browser)
    assert told(idp, sub="subject-1", jti="y") == 200


NOW = int(time.time())
REFUSED = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "another client"},
    "without an audience": {"aud": ...},
    "without a time": {"iat": ...},
    "from the future": {"iat": NOW + 3600},
    "old": {"iat": NOW - 7200},
    "expired": {"exp": NOW - 3600},
    "without an end": {"exp": ...},
    "without an id": {"jti": ...},
    "with an id that is none": {"jti": ["x"]},
    "with a nonce": {"nonce": "x"},
    "with a nonce of nothing": {"nonce": None},
    "without events": {"events": ...},
    "of another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "of an event that is no object": {"events": {EVENT: True}},
    "of events that are a list": {"events": [EVENT]},
    "of nobody": {"sub": ...},
    "of an empty user": {"sub": ""},
    "of a user that is none": {"sub": 7},
    "of a user, and a session that is none": {"sid": {"x": 1}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_logout_token_that_is_wrong_ends_nothing(idp, name):
    browser, _ = sign_in(idp)
    assert told(idp, **{"sub": "subject-1", **REFUSED[name]}) == 400
    assert is_in(browser)


SIGNED = {
    "by another key": lambda claims: signed(claims, by="evil"),
    "by nobody": unsigned,
    "by the public key as a password": by_the_public_key,
    "as another kind of token": lambda claims: signed(claims, typ="at+jwt"),
    "as nonsense": lambda claims: "a.b.c",
    "as nothing": lambda claims: "",
    "without end": lambda claims: signed(claims) + "x" * 20_000,
}


@pytest.mark.parametrize("name", SIGNED)
def test_a_logout_token_that_the_provider_has_not_signed_ends_nothing(idp, name):
    browser, _ = sign_in(idp)
    assert told(idp, by=SIGNED[name], sub="subject-1") == 400
    assert is_in(browser)


def test_an_id_token_is_no_logout_token(idp):
    given: list[str] = []
    idp.token = lambda claims: given.append(signed(claims)) or given[-1]
    browser, _ = sign_in(idp)
    assert Browser().post(BACK, {"logout_token": given[0]}).status_code == 400
    assert is_in(browser)


def test_a_token_of_the_right_kind_and_of_a_new_key_counts_and_unknown_keys_are_not_asked_for_without_end(idp):
    sign_in(idp)
    idp.published = ["first", "second"]
    for kind in ("logout+jwt", "JWT", "application/logout+jwt"):
        by = partial(signed, by="second", kid="second", typ=kind)
        assert told(idp, by=by, sub="x") == 200
    for place in range(5):
        assert told(idp, by=lambda claims, n=place: signed(claims, by="evil", kid=f"evil {n}"), sub="x") == 400
    assert idp.paths.count("/keys") == 2


@pytest.mark.parametrize("sub", ["a\x00b", "a\ud800", "x" * 300])
def test_hostile_subjects_end_nothing_and_break_nothing(idp, sub):
    browser, _ = sign_in(idp)
    assert told(idp, sub=sub, sid="\x00") == 200
    assert is_in(browser)


def test_the_back_channel_is_there_when_the_provider_is_and_for_posts_alone(idp, settings):
    assert Browser().get(BACK).status_code == 405
    settings.OIDC = Provider()
    assert Browser().post(BACK).status_code == 404


def test_what_is_kept_of_a_provider_session_is_encrypted_and_nothing_of_it_is_logged(idp, caplog):
    caplog.set_level("INFO")
    sign_in(idp)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_token FROM sign_in_sessions")
        assert cursor.fetchone()[0].startswith("gAAAA")
    told(idp, sub="subject-1")
    told(idp, sub="subject-1", nonce="x")
    assert "1 sessions" in caplog.text
    assert "eyJ" not in caplog.text


# --- one's own sessions


def test_a_user_sees_where_he_is_signed_in_and_ends_it_there(settings):
    anna = User.objects.create_superuser("anna", password=PASSWORD)
    User.objects.create_superuser("ben", password=PASSWORD)
    ben, here, there = by_password("ben"), by_password("anna"), by_password("anna", user_agent=FIREFOX)
    over = by_password("anna", user_agent="curl")
    session = over.session
    session[SEEN] = time.time() - settings.SESSION_IDLE_MINUTES * 60 - 1
    session.save()
    page = here.get(PAGE)
    rows = page.context["rows"]
    assert {(row["browser"], row["is_here"]) for row in rows} == {
        ("unknown browser", True), ("Firefox on Linux", False),
    }  # fmt: skip
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    other = next(row["pk"] for row in rows if not row["is_here"])
    assert ben.post(PAGE, {"end": other}).status_code == 302  # not his to end
    assert is_in(there)
    here.post(PAGE, {"end": other})
    assert (is_in(here), is_in(there), is_in(ben)) == (True, False, True)
    assert LogEntry.objects.get(object_id=str(anna.pk)).change_message == "Signed out elsewhere: 1."
    assert "Nothing to end" in here.post(PAGE, {"end": "x\x00"}, follow=True).content.decode()


def test_a_user_signs_out_everywhere_else_and_a_new_password_does_so_too():
    User.objects.create_superuser("anna", password=PASSWORD)
    here, *others = [by_password("anna") for _ in range(3)]
    here.post(PAGE, {"others": ""})
    assert [is_in(each) for each in (here, *others)] == [True, False, False]
    other = by_password("anna")
    sent = {"old_password": PASSWORD, "new_password1": "another-long-one-9", "new_password2": "another-long-one-9"}
    assert here.post("/admin/password_change/", sent).status_code == 302
    assert (is_in(here), is_in(other)) == (True, False)
    # the changed key is the one that is known
    assert [row["is_here"] for row in here.get(PAGE).context["rows"]] == [True]


def test_a_password_that_somebody_else_has_given_shows_before_the_code():
    anna = User.objects.create_superuser("anna", password=PASSWORD)
    here = by_password("anna")
    here.get(PAGE)
    SecondFactor.objects.create(user=anna, secret="A" * 32, confirmed_at="2026-01-01T00:00Z")
    by_password("anna").get(INDEX)
    text = here.get(PAGE).content.decode()
    assert "waits for the code" in text


def test_an_administrator_signs_a_user_out_everywhere_with_a_reason():
    anna = User.objects.create_superuser("anna", password=PASSWORD)
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    clerk = User.objects.create_user("clerk", password=PASSWORD, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    theirs, admin, other = by_password("anna"), by_password("boss"), by_password("clerk")
    address = f"/admin/auth/user/{anna.pk}/sign-out-everywhere/"
    assert other.post(address, {"confirmed": "yes", "reason": "x"}).status_code == 403  # she is a superuser
    admin.post(address, {"confirmed": "yes", "reason": ""})
    assert is_in(theirs)
    assert (
        "1 session ended"
        in admin.post(address, {"confirmed": "yes", "reason": "laptop stolen"}, follow=True).content.decode()
    )
    assert (is_in(theirs), is_in(admin)) == (False, True)
    entry = LogEntry.objects.filter(object_id=str(anna.pk)).latest("pk")
    assert (entry.user, entry.change_message) == (boss, "Signed out everywhere: laptop stolen")


def test_a_page_costs_no_query_for_it_and_what_is_over_is_forgotten():
    User.objects.create_superuser("anna", password=PASSWORD)
    browser = by_password("anna")
    browser.get("/admin/preferences/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/admin/preferences/")
    assert not [each for each in queries if "sign_in_sessions" in each["sql"]]
    assert forget_sign_ins() == 0
    Session.objects.all().delete()
    assert forget_sign_ins() == 1


def test_a_provider_signs_somebody_in_over_the_session_of_another(idp):
    User.objects.create_superuser("ben", password=PASSWORD)
    browser = by_password("ben")
    sign_in(idp, browser)
    row = SignIn.objects.get(session_key=browser.session.session_key)
    assert (row.user.username, row.identity.subject) == ("anna", "subject-1")
    assert forget_sign_ins() == 1  # his, whose session was thrown away
    assert SignIn.objects.get() == row
