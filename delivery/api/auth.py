"""Who calls: an API key, looked up and counted by leases (delivery/leases.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pghistory
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from biotech_ma.core.api.errors import Problem
from biotech_ma.core.closed import Reader
from delivery.choices import Scope
from delivery.leases import LEASES
from delivery.restricted import reader_of_client
from delivery.services.clients import KEY, digest_of

CHALLENGE = 'Bearer realm="biotech_ma"'
# In a request's META: the caller whose call has been counted on the way here, None where no live client has the key.
CALLER = "biotech_ma.caller"
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Caller:
    """The client behind a request: what it may do, and how many calls of its hour are left at least."""

    id: UUID
    name: str
    key_prefix: str
    scopes: frozenset[str]
    allowed_endpoints: tuple[str, ...]
    limit: int
    left: int
    reset_seconds: int
    is_admitted: bool = True

    is_authenticated = True
    is_anonymous = False

    @property
    def is_admin(self) -> bool:
        """True when the key may do everything."""
        return Scope.ADMIN.value in self.scopes

    @property
    def reader(self) -> Reader:
        """The caller as a reader of what may be closed."""
        return reader_of_client(self.id, self.name)

    @property
    def headers(self) -> dict[str, str]:
        """The rate headers of every answer (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"hour";q={self.limit};w=3600',
            "RateLimit": f'"hour";r={self.left};t={self.reset_seconds}',
        }


def call_with(key: str) -> Caller | None:
    """Count a call with this key and return its client, or None where no live client has it."""
    if KEY.fullmatch(key) is None:
        return None
    call = LEASES.call(digest_of(key))
    if call is None:
        return None
    holder = call.holder
    return Caller(
        id=holder.id,
        name=holder.name,
        key_prefix=holder.key_prefix,
        scopes=holder.scopes,
        allowed_endpoints=holder.allowed_endpoints,
        limit=holder.limit,
        left=call.left,
        reset_seconds=call.reset_seconds,
        is_admitted=call.is_admitted,
    )


def key_of(authorization: str | None, api_key: str | None) -> str | None:
    """Return the key in the headers, None when there is none. Raises AuthenticationFailed, or Problem for both."""
    if authorization is not None and api_key is not None:
        raise Problem(status.HTTP_400_BAD_REQUEST, "Send either Authorization or X-API-Key, not both.")
    if api_key is not None:
        return api_key.strip()
    if authorization is None:
        return None
    kind, _, key = authorization.strip().partition(" ")
    if kind.lower() != "bearer":
        raise exceptions.AuthenticationFailed("The scheme is Bearer: `Authorization: Bearer KEY`.")
    return key.strip()


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY` or `X-API-Key: KEY`. The admin's session is not looked at, so no CSRF either."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """Return the caller. Raises AuthenticationFailed for a key that is unknown, revoked, expired or archived."""
        key = key_of(request.headers.get("Authorization"), request.headers.get("X-API-Key"))
        if key is None:
            return None
        caller: Caller | None = request.META[CALLER] if CALLER in request.META else call_with(key)
        if caller is None:
            raise exceptions.AuthenticationFailed("This key is unknown, revoked or expired.")
        pghistory.context(client=caller.name, key_prefix=caller.key_prefix)
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return CHALLENGE


class ScopePermission(BasePermission):
    """`read` to read, `write:<resource>` to write it, `admin` for everything; `allowed_endpoints` narrows further."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True for a caller who may. Raises NotAuthenticated without a key, Problem (403) otherwise."""
        if request.method == "OPTIONS":
            return True
        caller = request.auth
        if not isinstance(caller, Caller):
            raise _no_key()
        needed = needed_scopes(view, str(request.method))
        open_to_all = getattr(view, "action", "") in view.open_actions
        if caller.allowed_endpoints and not open_to_all and view.scope not in caller.allowed_endpoints:
            raise _forbidden(
                f"This key may not call {view.scope}: its endpoints are {_list(caller.allowed_endpoints)}."
            )
        if not caller.is_admin and not caller.scopes & set(needed):
            raise _forbidden(f"This needs the scope {_list(needed)}; the key has {_list(sorted(caller.scopes))}.")
        return True


def needed_scopes(view: Any, method: str) -> tuple[str, ...]:
    """Return the scopes of which the caller needs one."""
    action = getattr(view, "action", "") or ""
    if action in view.open_actions:
        return tuple(Scope.values)
    if view.admin_only:
        return (Scope.ADMIN.value,)
    return (Scope.READ.value,) if method in SAFE else (f"write:{view.scope}",)


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _no_key() -> exceptions.NotAuthenticated:
    return exceptions.NotAuthenticated("A key is needed: `Authorization: Bearer KEY` or `X-API-Key: KEY`.")


def _forbidden(detail: str) -> Problem:
    return Problem(status.HTTP_403_FORBIDDEN, detail)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two ways of sending the key, as OpenAPI has them."""

    target_class = ApiKeyAuthentication
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return the two ways, of which one is enough."""
        return [{"bearer": []}, {"apiKey": []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return both security schemes."""
        return [
            {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer bma_…`"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]
