"""Signing in by an identity provider: what is believed, who it is here, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
import pytest
import requests
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.checks import run_checks
from django.test import Client as Browser

from biotech_ma.core.oidc import flow
from biotech_ma.core.oidc.identities import Identity
from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.oidc.settings import provider as provider_of
from biotech_ma.core.second_factor import SecondFactor
from tests.core.servers import ROOT
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, b64, key, number, provider, signed

pytestmark = pytest.mark.django_db
BEGIN, CALLBACK, INDEX, LOGIN = "/admin/login/provider/", "/admin/login/provider/callback/", "/admin/", "/admin/login/"
ANNA = {
    "sub": "subject-1", "email": "anna@desk.example", "email_verified": True, "preferred_username": "anna",
    "given_name": "Anna", "family_name": "Ray", "groups": ["everyone"],
}  # fmt: skip
BACKENDS = ["django.contrib.auth.backends.ModelBackend", "biotech_ma.core.oidc.backend.OidcBackend"]
ROLES = (("ma-analysts", "analyst"), ("ma-leads", "lead"))


@pytest.fixture
def idp(settings: Any) -> Iterator[IdentityProvider]:
    with provider() as found:
        found.person = dict(ANNA)
        configure(settings, found)
        yield found
        assert found.problems == []


def configure(settings: Any, found: IdentityProvider, **values: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    wanted = {"issuer": found.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Example Capital"}
    settings.OIDC = Provider(**{**wanted, **values})
    flow._client.cache_clear()


def sign_in(idp: IdentityProvider, browser: Browser | None = None, target: str = "", **changed: str) -> Any:
    """Go to the provider and back; return the browser and the answer to its coming back."""
    browser = browser or Browser()
    begun = browser.get(BEGIN, {"next": target} if target else {})
    assert begun.status_code == 302, begun.content
    answer = browser.get(CALLBACK, {**idp.authorize(begun["Location"]), **changed})
    return browser, answer


def refused(idp: IdentityProvider, words: str = "Signing in did not succeed", **changed: str) -> None:
    browser, answer = sign_in(idp, **changed)
    assert answer["Location"] == LOGIN
    assert words in browser.get(LOGIN).content.decode()
    assert "_auth_user_id" not in browser.session
    assert browser.get(INDEX).status_code == 302


def roles(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def test_a_new_user_comes_in_as_a_viewer_and_where_he_wanted_to(idp):
    browser, answer = sign_in(idp, target="/admin/companies/company/?q=x")
    assert answer["Location"] == "/admin/companies/company/?q=x"
    user = User.objects.get()
    assert (user.username, user.email, user.first_name, user.last_name) == ("anna", "anna@desk.example", "Anna", "Ray")
    assert (user.is_staff, user.is_superuser, user.has_usable_password(), roles(user)) == (
        True, False, False, {"viewer"},
    )  # fmt: skip
    assert browser.get("/admin/companies/company/").status_code == 200
    assert browser.get("/admin/companies/company/add/").status_code == 403
    assert [each.change_message for each in LogEntry.objects.order_by("pk")] == [
        f"Made at the first sign-in by {idp.issuer}, as subject-1.", "Roles by the provider's groups: viewer.",
    ]  # fmt: skip


def test_the_way_there_has_state_nonce_and_challenge_and_they_are_new_each_time(idp):
    seen = []
    for _ in range(2):
        begun = Browser().get(BEGIN)
        query = {name: values[0] for name, values in parse_qs(urlsplit(begun["Location"]).query).items()}
        assert begun["Location"].startswith(f"{idp.issuer}/authorize?")
        assert query["redirect_uri"] == f"http://testserver{CALLBACK}"
        assert query["scope"] == "openid email profile"
        seen += [query[name] for name in ("state", "nonce", "code_challenge")]
    assert len(set(seen)) == 6
    assert all(len(value) >= 20 for value in seen)


def test_the_second_sign_in_finds_the_same_user_whatever_the_address_is_by_now(idp):
    sign_in(idp)
    idp.person |= {"email": "married@desk.example", "preferred_username": "other"}
    browser, _ = sign_in(idp)
    assert browser.get(INDEX).status_code == 200
    assert User.objects.count() == Identity.objects.count() == 1


@pytest.mark.parametrize(("verified", "users"), [(True, 1), ("true", 1), (False, 2), ("yes", 2), (None, 2)])
def test_a_user_is_found_by_an_address_that_is_verified(idp, verified, users):
    known = User.objects.create_user("a.ray", email="Anna@Desk.example", is_staff=True)
    idp.person["email_verified"] = verified
    sign_in(idp)
    assert User.objects.count() == users
    assert (Identity.objects.get().user == known) is (users == 1)
    if users == 2:
        # an address that nobody has verified is not kept as the new user's either
        assert User.objects.exclude(pk=known.pk).get().email == ""


@pytest.mark.parametrize("letters", ["desk", "DESK", "des\u212a", "de\u017fk"])
def test_an_address_that_only_looks_like_a_users_is_not_his(idp, letters):
    known = User.objects.create_user("a.ray", email="Anna@Desk.example", is_staff=True)
    idp.person["email"] = f"anna@{letters}.example"
    sign_in(idp)
    assert (Identity.objects.get().user == known) is letters.isascii()


def test_an_address_of_two_users_signs_neither_in(idp):
    for name in ("one", "two"):
        User.objects.create_user(name, email="anna@desk.example", is_staff=True)
    refused(idp, "Several users have your e-mail address")
    assert not Identity.objects.exists()


def test_a_name_that_is_taken_gets_a_number(idp):
    User.objects.create_user("Anna", is_staff=True)
    User.objects.create_user("anna-2", is_staff=True)
    sign_in(idp)
    assert Identity.objects.get().user.username == "anna-3"


@pytest.mark.parametrize("is_known", [True, False])
def test_whoever_is_not_active_is_refused_and_a_session_of_his_ends(idp, is_known):
    User.objects.create_user("anna", email="anna@desk.example", is_staff=True)
    browser = None
    if is_known:
        browser, _ = sign_in(idp)
        assert browser.get(INDEX).status_code == 200
    User.objects.update(is_active=False)
    if browser:
        assert browser.get(INDEX).status_code == 302
    refused(idp, "This user is not active any more")


def test_whoever_is_not_staff_is_told(idp):
    User.objects.create_user("anna", email="anna@desk.example")
    refused(idp, "may not enter the admin")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["ma-analysts"], {"analyst"}),
        (["x", "ma-leads", "ma-analysts"], {"analyst", "lead"}),
        ("ma-leads", {"lead"}),
        (["unknown"], {"viewer"}),
        ([], {"viewer"}),
        (None, {"viewer"}),
        ({"ma-leads": True}, {"viewer"}),
        ([1, None, ["ma-leads"]], {"viewer"}),
        (["MA-LEADS"], {"viewer"}),
        (["administrator", "lead"], {"viewer"}),
    ],
)
def test_groups_map_to_roles_and_an_unknown_one_to_none(idp, settings, groups, expected):
    configure(settings, idp, roles=ROLES)
    idp.person["groups"] = groups
    sign_in(idp)
    assert roles(User.objects.get()) == expected


def test_roles_follow_the_groups_and_other_groups_are_left_alone(idp, settings):
    configure(settings, idp, roles=ROLES)
    idp.person["groups"] = ["ma-leads"]
    sign_in(idp)
    user = User.objects.get()
    user.groups.add(Group.objects.create(name="night shift"))
    for groups, expected in ((["ma-analysts"], {"analyst"}), ([], {"viewer"}), (["ma-leads"], {"lead"})):
        idp.person["groups"] = groups
        sign_in(idp)
        assert roles(user) == {*expected, "night shift"}
    assert LogEntry.objects.latest("pk").change_message == "Roles by the provider's groups: lead."


def test_roles_stay_as_they_are_where_no_groups_map(idp):
    sign_in(idp)
    user = User.objects.get()
    user.groups.set([Group.objects.get(name="lead")])
    sign_in(idp)
    assert roles(user) == {"lead"}


def wrong(**claims: Any) -> Any:
    return lambda right: signed({**right, **claims})


def without(name: str) -> Any:
    return lambda right: signed({key: value for key, value in right.items() if key != name})


def by_the_public_key(right: dict[str, Any]) -> str:
    """Return a token whose HMAC is of what everybody knows."""
    known = json.dumps({"n": number(key("first").public_key().public_numbers().n)}).encode()
    body = f"{b64(b'{"alg": "HS256", "kid": "first"}')}.{b64(json.dumps(right).encode())}"
    return f"{body}.{b64(hmac.new(known, body.encode(), hashlib.sha256).digest())}"


def unsigned(right: dict[str, Any]) -> str:
    return f"{b64(b'{"alg": "none"}')}.{b64(json.dumps(right).encode())}."


def tampered(right: dict[str, Any]) -> str:
    head, _, mark = signed(right).split(".")
    return f"{head}.{b64(json.dumps({**right, 'sub': 'somebody else'}).encode())}.{mark}"


WRONG = {
    "nonce": wrong(nonce="another"),
    "no nonce": without("nonce"),
    "audience": wrong(aud="another client"),
    "audience, with this client as party": wrong(aud="another client", azp=CLIENT),
    "audiences": wrong(aud=["another client", "a third"], azp="another client"),
    "authorized party": wrong(aud=[CLIENT, "x"], azp="x"),
    "no audience": without("aud"),
    "issuer": wrong(iss="https://evil.example"),
    "expired": wrong(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200),
    "no expiry": without("exp"),
    "from the future": wrong(iat=int(time.time()) + 3600, nbf=int(time.time()) + 3600),
    "no subject": without("sub"),
    "signed by another key": lambda right: signed(right, by="evil"),
    "signed by an unknown key": lambda right: signed(right, by="evil", kid="evil"),
    "tampered with": tampered,
    "unsigned": unsigned,
    "an HMAC of the public key": by_the_public_key,
    "nonsense": lambda right: "a.b.c",
    "no token": lambda right: None,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_is_wrong_signs_nobody_in(idp, name):
    idp.token = WRONG[name]
    refused(idp)
    assert not User.objects.exists()


def test_a_clock_a_little_off_is_no_reason_to_refuse(idp):
    idp.token = wrong(exp=int(time.time()) - 20)
    assert sign_in(idp)[1]["Location"] == INDEX


def test_a_key_that_the_provider_has_brought_in_since_is_fetched(idp):
    sign_in(idp)
    idp.published = ["first", "second"]
    idp.token = lambda right: signed(right, by="second", kid="second")
    assert sign_in(idp)[1]["Location"] == INDEX
    # documents and keys are fetched once, and the keys again for the new one alone
    assert idp.paths.count("/.well-known/openid-configuration") == 1
    assert idp.paths.count("/keys") == 2


def test_an_answer_counts_for_the_browser_that_asked_and_once(idp):
    refused(idp, state="forged")
    begun = Browser().get(BEGIN)
    back = idp.authorize(begun["Location"])
    assert Browser().get(CALLBACK, back)["Location"] == LOGIN
    browser, answer = sign_in(idp)
    assert answer["Location"] == INDEX
    browser.get("/admin/logout/")
    browser.cookies.clear()
    assert browser.get(CALLBACK, back)["Location"] == LOGIN
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "sent", [{}, {"error": "access_denied"}, {"code": "x"}, {"state": "\x00"}, {"code": "x", "state": ""}]
)
def test_an_answer_that_is_none_is_refused(idp, sent):
    browser = Browser()
    browser.get(BEGIN)
    assert browser.get(CALLBACK, sent)["Location"] == LOGIN


def test_what_the_token_lacks_is_taken_from_the_particulars_of_the_same_subject(idp, settings):
    configure(settings, idp, roles=ROLES)
    idp.person = {"sub": "subject-1"}
    idp.particulars = {**ANNA, "groups": ["ma-leads"]}
    sign_in(idp)
    user = User.objects.get()
    assert (user.email, roles(user)) == ("anna@desk.example", {"lead"})
    idp.particulars = {**ANNA, "sub": "subject-2"}
    refused(idp)


@pytest.mark.parametrize("in_token", [{"email": "boss@desk.example"}, {"email_verified": True}])
def test_no_address_is_verified_by_what_was_said_of_another_one(idp, in_token):
    boss = User.objects.create_user("boss", email="boss@desk.example", is_staff=True)
    others: dict[str, Any] = {"email": "boss@desk.example", "email_verified": False}
    if "email" in in_token:
        others = {"email": "mine@desk.example", "email_verified": True}
    idp.person, idp.particulars = {"sub": "subject-1", **in_token}, {"sub": "subject-1", **others}
    sign_in(idp)
    assert Identity.objects.get().user != boss


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_document_that_is_not_the_issuers_is_not_used(idp, document):
    idp.document = document
    browser = Browser()
    assert browser.get(BEGIN)["Location"] == LOGIN
    assert "does not answer as it should" in browser.get(LOGIN).content.decode()


@pytest.mark.parametrize("status", [404, 500])
def test_a_provider_that_is_down_ends_in_words(idp, status):
    idp.status = status
    assert Browser().get(BEGIN)["Location"] == LOGIN
    idp.status = 200
    assert sign_in(idp)[1]["Location"] == INDEX


def test_every_call_to_the_provider_has_a_timeout(idp, monkeypatch):
    sent = []
    send = requests.Session.send
    monkeypatch.setattr(
        requests.Session, "send", lambda self, what, **how: sent.append(how.get("timeout")) or send(self, what, **how)
    )
    idp.person, idp.particulars = {"sub": "subject-1"}, ANNA
    sign_in(idp)
    assert sent == [10, 10, 10, 10]  # document, token, keys, particulars


def test_nothing_that_was_sent_stands_in_the_log(idp, caplog):
    caplog.set_level(logging.INFO)
    idp.token = WRONG["nonce"]
    refused(idp)
    assert "refused" in caplog.text
    assert not any(word in caplog.text for word in (SECRET, "code-0", "eyJ", "access"))


def test_the_way_back_leads_nowhere_else(idp):
    assert sign_in(idp, target="https://evil.example/")[1]["Location"] == INDEX
    assert sign_in(idp, target="//evil.example")[1]["Location"] == INDEX


@pytest.mark.parametrize("sub", ["", 5, None, "x" * 256, "a\x00b", ["x"]])
def test_a_subject_that_is_none_is_nobody(idp, sub):
    idp.person["sub"] = sub
    _browser, answer = sign_in(idp)
    assert answer["Location"] == LOGIN
    assert not User.objects.exists()


def test_hostile_claims_are_not_kept(idp):
    idp.person |= {
        "preferred_username": "<b>\x00",
        "given_name": "x" * 500,
        "email": "no address",
        "is_superuser": True,
    }
    sign_in(idp)
    user = User.objects.get()
    assert (user.username, user.first_name, user.email, user.is_superuser) == ("subject-1", "", "", False)


def test_the_login_page_shows_the_button_only_when_it_is_on(idp, settings):
    text = Browser().get("/admin/login/?next=/admin/companies/company/").content.decode()
    assert f'href="{BEGIN}?next=/admin/companies/company/"' in text
    assert "Sign in with Example Capital" in text
    settings.OIDC = Provider()
    assert BEGIN not in Browser().get(LOGIN).content.decode()
    assert Browser().get(BEGIN).status_code == 404
    assert Browser().get(CALLBACK).status_code == 404


def test_a_second_factor_is_asked_for_here_too_and_required_of_passwords_alone(idp, settings):
    settings.REQUIRE_TOTP = "all"
    browser, _ = sign_in(idp)
    assert browser.get(INDEX).status_code == 200
    SecondFactor.objects.create(user=User.objects.get(), secret="A" * 32, confirmed_at="2026-01-01T00:00Z")
    browser, _ = sign_in(idp)
    assert browser.get(INDEX)["Location"].startswith("/admin/login/code/")


def test_nobody_signs_in_by_the_backend_with_a_password(idp):
    sign_in(idp)
    answer = Browser().post(LOGIN, {"username": "anna", "password": "", "next": INDEX})
    assert answer.status_code == 200


def test_whoever_has_no_password_here_is_told_where_it_is_kept(idp):
    browser, _ = sign_in(idp)
    page = browser.get("/admin/password_change/", follow=True)
    assert "You sign in by Example Capital: your password is kept and changed there." in page.content.decode()
    user = User.objects.get()
    user.set_password("a long enough password")
    user.save()
    browser.force_login(user)
    assert "old_password" in browser.get("/admin/password_change/").content.decode()


def ids() -> set[str]:
    return {each.id for each in run_checks()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, set()),
        ({"issuer": "https://id.example"}, {"biotech_ma.W003"}),
        ({"issuer": "https://id.example", "client_id": "x"}, {"biotech_ma.W003"}),
        ({"roles": ROLES}, {"biotech_ma.W003"}),
        ({"issuer": "https://id.example", "client_id": "x", "client_secret": "y"}, set()),
        ({"issuer": "http://id.example", "client_id": "x", "client_secret": "y"}, {"biotech_ma.E003"}),
        ({"issuer": "https://id.example", "client_id": "x", "client_secret": "y", "roles": (("a", "boss"),)},
         {"biotech_ma.E004"}),
    ],
)  # fmt: skip
def test_check_tells_what_is_half_set_up(settings, values, expected):
    settings.OIDC = Provider(**values)
    assert {
        each for each in ids() if each in {"biotech_ma.W003", "biotech_ma.E002", "biotech_ma.E003", "biotech_ma.E004"}
    } == expected


def test_check_names_the_extra_that_is_missing(settings, monkeypatch):
    settings.OIDC = Provider(issuer="https://id.example", client_id="x", client_secret="y")
    monkeypatch.setattr("biotech_ma.core.checks.find_spec", lambda name: None)
    [told] = [each for each in run_checks() if each.id == "biotech_ma.E002"]
    assert "--extra oidc" in told.hint


def test_the_environment_says_it_all(monkeypatch):
    for name, value in {
        "ISSUER": " https://id.example ", "CLIENT_ID": "x", "CLIENT_SECRET": "y",
        "ROLES": "a b=lead; cn=x,dc=y=analyst ;",
        "GROUP_CLAIM": "roles",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"BIOTECH_MA_OIDC_{name}", value)
    found = provider_of(environ.Env())
    assert (found.issuer, found.group_claim, found.is_on) == ("https://id.example", "roles", True)
    assert found.roles == (("a b", "lead"), ("cn=x,dc=y", "analyst"))
    assert "y" not in repr(found).replace("analyst", "").replace("dc=y", "").replace("your", "")


def test_nothing_imports_the_library_while_it_is_off():
    program = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'biotech_ma.settings'; django.setup();"
        "import biotech_ma.urls; from django.urls import resolve; resolve('/admin/login/provider/');"
        "print([name for name in sys.modules if name.split('.')[0] in {'authlib', 'joserfc'}])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_standard_names_the_token_of_the_test():
    # RFC 7515, appendix A.2: what is signed is header and payload as they are sent
    head, body, mark = signed({"a": 1}).split(".")
    padded = mark + "=" * (-len(mark) % 4)
    assert len(base64.urlsafe_b64decode(padded)) == 256
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {"a": 1}
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "RS256"
