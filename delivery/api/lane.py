"""The short way for lists: answers that still stand and requests of a known kind, before the framework is asked.

The first request of a kind goes the long way, through middleware, routing, view and validation, and leaves a note of
how it was answered. Later ones are answered here, for keys that may read everything; the call is counted as ever, and
whatever is out of the ordinary goes the long way, with the call counted already. docs/performance.md says what this
saves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.http import QueryDict
from rest_framework.exceptions import APIException

from biotech_ma.core.api.listing import JSON, NOTE, Listing, Note, body_of, planned
from biotech_ma.core.api.negotiation import preferred
from biotech_ma.core.api.standing import ANSWERS, Answer
from biotech_ma.core.request_ids import HEADER, request_id
from delivery.api.auth import CALLER, Caller, call_with, key_of
from delivery.choices import Scope

type Headers = tuple[tuple[str, str], ...]
type StartResponse = Callable[..., Any]
type WSGIApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

API = "/api/v1/"
# Where addresses have their value: /api/v1/companies/VRTX/signals/.
VALUE_AT, PARTS = 4, 7
# What only the long way knows how to answer.
SPECIAL = frozenset({"HTTP_ORIGIN", "HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_RANGE", "HTTP_COOKIE"})
# Said anew in each answer.
OF_ONE_REQUEST = frozenset({"content-length", "ratelimit", "ratelimit-policy", HEADER.lower()})
# What would make an answer one caller's, or one body's.
NOT_FOR_ALL = frozenset({"set-cookie", "etag"})
MOST_ROUTES = 512


@dataclass(frozen=True, slots=True)
class _Route:
    """What an address lists, under which name it was called, and the headers of its answers."""

    listing: Listing
    origin: str
    headers: Headers


class ShortWay:
    """Answers lists of a known kind; passes everything else on to the application."""

    def __init__(self, application: WSGIApp) -> None:
        self.application = application
        self._routes: dict[tuple[str, ...], _Route] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        if not _is_ordinary(environ):
            return self.application(environ, start_response)
        place, ref = _place(environ)
        try:
            found = self._short(environ, place, ref)
        except (DatabaseError, InterfaceError):
            found = None  # the long way says what is the matter
        finally:
            connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        if found is None:
            return self._long(environ, start_response, place)
        body, headers, caller = found
        start_response("200 OK", [
            *headers, *caller.headers.items(), ("Content-Length", str(len(body))),
            (HEADER, request_id(environ.get("HTTP_X_REQUEST_ID"))),
        ])  # fmt: skip
        return [body]

    def _short(self, environ: dict[str, Any], place: tuple[str, ...], ref: str) -> tuple[bytes, Headers, Caller] | None:
        address = _address(environ, place, ref)
        answer, route = ANSWERS.find(address), self._routes.get(place)
        if answer is None and route is None:
            return None
        caller = _admitted(environ)
        if caller is None:
            return None
        if answer is not None and answer.proof.holds():
            return answer.body, answer.headers, caller
        if route is None:
            return None
        params = QueryDict(environ["QUERY_STRING"])
        found = planned(route.listing, params, ref)
        if found is None or not found[0].parent_exists:
            return None
        page, proof = found
        body = body_of(page, f"{route.origin}{environ['PATH_INFO']}", params)
        if proof is not None:
            ANSWERS.keep(address, Answer(body, route.headers, proof))
        return body, route.headers, caller

    def _long(self, environ: dict[str, Any], start_response: StartResponse, place: tuple[str, ...]) -> Iterable[bytes]:
        note = environ[NOTE] = Note()

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if note.listing is not None and status.startswith("200 "):
                self._learn(place, note, headers)
            return start_response(status, headers, *rest)

        return self.application(environ, started)

    def _learn(self, place: tuple[str, ...], note: Note, headers: list[tuple[str, str]]) -> None:
        kept = tuple((name, value) for name, value in headers if name.lower() not in OF_ONE_REQUEST)
        names = {name.lower() for name, _ in kept}
        if note.listing is not None and names.isdisjoint(NOT_FOR_ALL) and len(self._routes) < MOST_ROUTES:
            self._routes[place] = _Route(note.listing, note.origin, kept)


def _is_ordinary(environ: dict[str, Any]) -> bool:
    """Return whether this is a plain GET below the API that the short way may know."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "HTTP_HOST" in environ
        and path.startswith(API)
        and not environ.get("SCRIPT_NAME")
        and path.isascii()
        and query.isascii()
        and SPECIAL.isdisjoint(environ)
        and preferred(environ.get("HTTP_ACCEPT"), (JSON,)) is not None
    )


def _place(environ: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """Return what tells the route: the address without its value, and how it was called. Then the value."""
    path = environ["PATH_INFO"]
    parts = path.split("/")
    ref = ""
    if len(parts) == PARTS:
        ref, parts[VALUE_AT] = parts[VALUE_AT], "*"
        path = "/".join(parts)
    called = (environ.get(name, "") for name in ("wsgi.url_scheme", "HTTP_HOST", "HTTP_X_FORWARDED_PROTO"))
    return (path, *called), ref


def _address(environ: dict[str, Any], place: tuple[str, ...], ref: str) -> str:
    return "\n".join((*place, ref, environ.get("QUERY_STRING", "")))


def _admitted(environ: dict[str, Any]) -> Caller | None:
    """Count the call; return its caller if it may read everything and has a call left, else None."""
    try:
        key = key_of(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"))
    except APIException:
        return None
    if key is None:
        return None
    caller = environ[CALLER] = call_with(key)
    if caller is None:
        return None
    may_read = caller.is_admin or Scope.READ.value in caller.scopes
    return caller if caller.is_admitted and may_read and not caller.allowed_endpoints else None
