"""Going to an identity provider of the tests' own and back, and what its answer is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from biotech_ma.core.oidc import flow
from biotech_ma.core.oidc.settings import Provider
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, provider

BEGIN, CALLBACK, INDEX, LOGIN = "/admin/login/provider/", "/admin/login/provider/callback/", "/admin/", "/admin/login/"
ANNA = {
    "sub": "subject-1", "email": "anna@desk.example", "email_verified": True, "preferred_username": "anna",
    "given_name": "Anna", "family_name": "Ray", "groups": ["everyone"],
}  # fmt: skip
BACKENDS = ["django.contrib.auth.backends.ModelBackend", "biotech_ma.core.oidc.backend.OidcBackend"]
ROLES = (("ma-analysts", "analyst"), ("ma-leads", "lead"))


@pytest.fixture(name="idp")
def running_provider(settings: Any) -> Iterator[IdentityProvider]:
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
