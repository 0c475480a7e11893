"""What a provider answers: which tokens, documents and claims are believed, and which end in words."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client as Browser

from biotech_ma.core.oidc.identities import Identity
from tests.core.provider_sign_in import (
    ANNA,
    BEGIN,
    CALLBACK,
    INDEX,
    LOGIN,
    ROLES,
    configure,
    refused,
    roles,
    running_provider,  # noqa: F401 - a fixture
    sign_in,
)
from tests.identity_provider import CLIENT, SECRET, b64, key, number, signed

pytestmark = pytest.mark.django_db


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
