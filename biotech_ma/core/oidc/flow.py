"""The authorization code flow with PKCE, by Authlib (OpenID Connect Core 1.0, 3.1; RFC 7636). Needs the extra `oidc`.

State, nonce and verifier are kept in the browser's session and count once; a token's signature, issuer, audience,
expiry and nonce are verified before anything of it is believed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError

from biotech_ma.core.oidc.settings import Provider, is_private

NAME = "desk"
TIMEOUT_SECONDS = 10
LEEWAY_SECONDS = 60
# Signatures that nobody can make who has only what the provider publishes.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What a provider that does not answer, or answers nonsense, makes of the libraries.
_FAILURES = (
    AuthlibBaseError, JoseError, requests.RequestException,
    ValueError, KeyError, TypeError, AttributeError, RuntimeError,
)  # fmt: skip


class ProviderError(Exception):
    """The provider's answer proves nothing; one line for the log."""


def to_provider(request: HttpRequest, callback_url: str) -> HttpResponse:
    """Return the redirect to the provider. Raises ProviderError where its document cannot be used."""
    try:
        client = _ready()
        answer: HttpResponse = client.authorize_redirect(request, callback_url)
    except _FAILURES as error:
        raise _told(error) from error
    return answer


def claims_of_answer(request: HttpRequest) -> dict[str, Any]:
    """Return the verified claims of whom the provider has signed in. Raises ProviderError for anything else."""
    provider: Provider = settings.OIDC
    wanted = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "exp": {"essential": True},
    }
    try:
        client = _ready()
        token = client.authorize_access_token(request, claims_options=wanted, leeway=LEEWAY_SECONDS)
        claims = dict(token.get("userinfo") or {})
        if not claims:
            raise ProviderError("the answer holds no token of who it is")
        return _completed(client, provider, token, claims)
    except _FAILURES as error:
        raise _told(error) from error


def _completed(client: Any, provider: Provider, token: Any, claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with what only the address of the user's particulars has; the token's own stand."""
    needed = {"email", "email_verified", *([provider.group_claim] if provider.roles else [])}
    if needed <= claims.keys() or not client.server_metadata.get("userinfo_endpoint"):
        return claims
    more = dict(client.userinfo(token=token))
    if more.get("sub") != claims.get("sub"):
        raise ProviderError("the particulars are of somebody else")
    return {**more, **claims}


def _ready() -> Any:
    """Return the client, once the provider's document has been read and is what it should be."""
    provider: Provider = settings.OIDC
    client = _client(provider)
    document = client.load_server_metadata()
    if document.get("issuer") != provider.issuer:
        _client.cache_clear()
        raise ProviderError(f"the document is of {document.get('issuer')!r} and not of {provider.issuer!r}")
    if not all(is_private(str(document.get(name, ""))) for name in ENDPOINTS):
        _client.cache_clear()
        raise ProviderError("the document lacks an address, or names one without TLS")
    offered = document.get("id_token_signing_alg_values_supported") or ["RS256"]
    document["id_token_signing_alg_values_supported"] = [each for each in offered if each in ALGORITHMS]
    return client


@lru_cache(maxsize=4)
def _client(provider: Provider) -> Any:
    """Return the client of a provider, which keeps its document and keys."""
    scope = provider.scope if "openid" in provider.scope.split() else f"openid {provider.scope}"
    return OAuth().register(
        name=NAME,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=provider.document_url,
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "default_timeout": TIMEOUT_SECONDS},
    )


def _told(error: Exception) -> ProviderError:
    """Return what went wrong in one line, without what was sent."""
    return ProviderError(" ".join(f"{type(error).__name__}: {error}".split())[:300])
