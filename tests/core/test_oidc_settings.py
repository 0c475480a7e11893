"""What the environment says of the identity provider, and that nothing of it is loaded while it is off."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import environ
import pytest
from django.core.checks import run_checks

from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.oidc.settings import provider as provider_of
from tests.core.provider_sign_in import (
    ROLES,
    running_provider,  # noqa: F401 - a fixture
)
from tests.core.servers import ROOT
from tests.identity_provider import signed

pytestmark = pytest.mark.django_db


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
