"""The code flow with PKCE and signing out, by Authlib (OpenID Connect Core 1.0, 3.1; RFC 7636). Needs the extra `oidc`.

State, nonce and verifier are kept in the browser's session and count once; a token's signature, issuer, audience,
expiry and nonce are verified before anything of it is believed.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, NamedTuple

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from biotech_ma.core.oidc.settings import Provider, is_private

NAME = "desk"
TIMEOUT_SECONDS = 10
LEEWAY_SECONDS = 60
# Signatures that nobody can make who has only what the provider publishes.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
# A token longer than this is named by its client alone: addresses have an end.
MOST_OF_A_HINT = 6000
# So old a logout token may be, and so often a key that nobody knows sends for the provider's keys at most.
LOGOUT_TOKEN_SECONDS = 60 * 60
KEYS_SECONDS = 60
EVENT = "http://schemas.openid.net/event/backchannel-logout"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What a provider that does not answer, or answers nonsense, makes of the libraries.
_FAILURES = (
    AuthlibBaseError, JoseError, requests.RequestException,
    ValueError, KeyError, TypeError, AttributeError, RuntimeError,
)  # fmt: skip


class ProviderError(Exception):
    """The provider's answer proves nothing; one line for the log."""


class Answer(NamedTuple):
    """Whom the provider has signed in: its verified claims, and the token that they are from."""

    claims: dict[str, Any]
    id_token: str


def to_provider(request: HttpRequest, callback_url: str) -> HttpResponse:
    """Return the redirect to the provider. Raises ProviderError where its document cannot be used."""
    try:
        client = _ready()
        answer: HttpResponse = client.authorize_redirect(request, callback_url)
    except _FAILURES as error:
        raise _told(error) from error
    return answer


def verified_answer(request: HttpRequest) -> Answer:
    """Return whom the provider has signed in, verified. Raises ProviderError for anything else."""
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
        return Answer(_completed(client, provider, token, claims), str(token.get("id_token") or ""))
    except _FAILURES as error:
        raise _told(error) from error


def end_session_url(id_token: str, back_to: str) -> str:
    """Return where the browser is signed out of the provider, too (OpenID Connect RP-Initiated Logout 1.0, 2).

    Empty where the provider has no such address. Raises ProviderError where its document cannot be used.
    """
    provider: Provider = settings.OIDC
    hint = id_token if len(id_token) <= MOST_OF_A_HINT else None
    try:
        client = _ready()
        if not is_private(str(client.server_metadata.get("end_session_endpoint") or "")):
            return ""
        made = client.create_logout_url(
            post_logout_redirect_uri=back_to, id_token_hint=hint, client_id=provider.client_id
        )
    except _FAILURES as error:
        raise _told(error) from error
    return str(made["url"])


def logout_claims(text: str) -> dict[str, Any]:
    """Return the claims of a logout token, verified (OpenID Connect Back-Channel Logout 1.0, 2.6) but for its reuse.

    Raises ProviderError for anything else.
    """
    provider: Provider = settings.OIDC
    needed = JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        token = _decoded(_ready(), text)
        needed.validate(token.claims)
        fault = _fault(token.header, token.claims)
    except _FAILURES as error:
        raise _told(error) from error
    if fault:
        raise ProviderError(f"the logout token {fault}")
    return dict(token.claims)


def _fault(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return what tells a signed token from one that ends sessions; empty if nothing does."""
    events, who = claims.get("events"), (claims.get("sub"), claims.get("sid"))
    faults = {
        "is of another kind": header.get("typ", "JWT").lower() not in ("jwt", "logout+jwt", "application/logout+jwt"),
        "names no event of signing out": not isinstance(events, dict) or not isinstance(events.get(EVENT), dict),
        "has a nonce": "nonce" in claims,
        "names neither user nor session": not any(isinstance(each, str) and each for each in who),
        "names a user or session that is none": any(each is not None and not isinstance(each, str) for each in who),
        "is old": claims["iat"] < time.time() - LOGOUT_TOKEN_SECONDS,
    }
    return next((words for words, is_so in faults.items() if is_so), "")


def _decoded(client: Any, text: str) -> jwt.Token:
    """Return a token whose signature is right by the provider's keys, which are fetched anew for an unknown one."""
    offered = client.server_metadata["id_token_signing_alg_values_supported"]
    registry = JWSRegistry(algorithms=offered, strict_check_header=False)
    try:
        return jwt.decode(text, key=KeySet.import_key_set(client.fetch_jwk_set()), registry=registry)
    except InvalidKeyIdError:
        # anybody may send a token: its key's name alone does not make this server ask the provider again and again
        if time.monotonic() - getattr(client, "keys_fetched_at", -KEYS_SECONDS) < KEYS_SECONDS:
            raise
        client.keys_fetched_at = time.monotonic()
        return jwt.decode(text, key=KeySet.import_key_set(client.fetch_jwk_set(force=True)), registry=registry)


def _completed(client: Any, provider: Provider, token: Any, claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with what only the address of the user's particulars has; the token's own stand."""
    needed = {"email", "email_verified", *([provider.group_claim] if provider.roles else [])}
    if needed <= claims.keys() or not client.server_metadata.get("userinfo_endpoint"):
        return claims
    more = dict(client.userinfo(token=token))
    if more.get("sub") != claims.get("sub"):
        raise ProviderError("the particulars are of somebody else")
    # Whether an address is verified is said of the address beside it, and of no other one.
    if "email_verified" not in claims:
        claims = {name: value for name, value in claims.items() if name != "email"}
    elif "email" not in claims:
        claims = {name: value for name, value in claims.items() if name != "email_verified"}
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
