"""Every error of the API as `application/problem+json` (RFC 9457), naming the field where there is one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.utils.encoding import force_str
from rest_framework import exceptions, status

CONTENT_TYPE = "application/problem+json"
# The type of a problem that needs no more than its status (RFC 9457, section 4.2.1).
BLANK = "about:blank"
# An answer names this many errors, and looks for names near to this many unknown ones: what a caller gets wrong a
# hundred thousand times is not worth the time, nor the megabytes.
MAX_ERRORS = 100
MAX_HINTS = 5
MAX_HINTED_LENGTH = 60
logger = logging.getLogger("biotech_ma.api")


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field or parameter; `field` is empty where it concerns the whole."""

    field: str
    code: str
    detail: str


class Problem(exceptions.APIException):
    """An error with a status, one line for people and, where there are any, the fields concerned.

    `members` stand in the answer beside the usual ones (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status_code: int,
        detail: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status_code
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def invalid(field: str, detail: str, code: str = "invalid") -> Problem:
    """Return the 400 for one wrong field or parameter."""
    summary = f"{field}: {detail}" if field else detail
    return Problem(status.HTTP_400_BAD_REQUEST, summary, [FieldError(field, code, detail)])


def unknown_names(kind: str, names: Iterable[str], known: Iterable[str]) -> Problem:
    """Return the 400 for names that are not known, with the near ones: 'no such parameter "limt"; near: limit'."""
    choices = tuple(sorted(known))
    errors = []
    for place, name in enumerate(islice(names, MAX_ERRORS)):
        hint = f" {_near(name, choices)}" if place < MAX_HINTS else ""
        errors.append(FieldError(name[:100], "unknown", f'There is no {kind} "{name[:100]}".{hint}'))
    return Problem(status.HTTP_400_BAD_REQUEST, " ".join(e.detail for e in errors[:3]), errors)


@lru_cache(maxsize=1024)
def _near(name: str, choices: tuple[str, ...]) -> str:
    near = get_close_matches(name, choices, n=3, cutoff=0.6) if len(name) <= MAX_HINTED_LENGTH else []
    return f"Near: {', '.join(near)}." if near else f"Known: {', '.join(choices)}."


def problem_response(
    status_code: int,
    detail: str,
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Return the answer in problem+json."""
    body: dict[str, Any] = {
        "type": BLANK,
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": detail,
        "errors": [asdict(error) for error in islice(errors, MAX_ERRORS)],
        **(members or {}),
    }
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return HttpResponse(text, status=status_code, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def flatten(detail: Any, path: str = "") -> list[FieldError]:
    """Return the leaves of DRF's nested error detail, each with the path of its field (`events[2].name`)."""
    if isinstance(detail, Mapping):
        leaves = []
        for name, inner in detail.items():
            whole = str(name) in ("non_field_errors", "__all__")
            leaves += flatten(inner, path if whole else _join(path, name))
        return leaves
    if isinstance(detail, list | tuple):
        return [
            leaf
            for place, inner in enumerate(detail)
            for leaf in flatten(inner, f"{path}[{place}]" if isinstance(inner, Mapping | list) else path)
        ]
    return [FieldError(path, getattr(detail, "code", None) or "invalid", force_str(detail))]


def _join(path: str, name: Any) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the problem+json for any exception of a view; what is unforeseen is logged and answers a bare 500."""
    # DRF's views read the settings that name this module, so they come late.
    from rest_framework.views import set_rollback

    set_rollback()
    if isinstance(error, Problem):
        return problem_response(error.status_code, str(error.detail), error.errors, error.headers, error.members)
    if isinstance(error, ValidationError):
        errors = flatten(getattr(error, "message_dict", None) or error.messages)
        return problem_response(status.HTTP_400_BAD_REQUEST, _summary(errors), errors)
    if isinstance(error, exceptions.ValidationError):
        errors = flatten(error.detail)
        return problem_response(status.HTTP_400_BAD_REQUEST, _summary(errors), errors)
    if isinstance(error, exceptions.APIException):
        headers = {name: str(value) for name, value in _headers(error, context).items()}
        return problem_response(error.status_code, force_str(error.detail), headers=headers)
    return _foreign(error, context)


def _headers(error: exceptions.APIException, context: Mapping[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if (seconds := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = int(seconds)
    return headers


# What Django itself refuses, the special case of a kind before the kind.
_DJANGOS: tuple[tuple[type[Exception], int, str], ...] = (
    (PermissionDenied, status.HTTP_403_FORBIDDEN, "Forbidden."),
    (RequestDataTooBig, status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "The request body is too large."),
    (SuspiciousOperation, status.HTTP_400_BAD_REQUEST, "The request is malformed."),
)


def _foreign(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    if isinstance(error, Http404):
        return problem_response(status.HTTP_404_NOT_FOUND, str(error) or "Not found.")
    for kind, status_code, detail in _DJANGOS:
        if isinstance(error, kind):
            return problem_response(status_code, detail)
    if isinstance(error, DataError):
        # A value that passed every check and that the column still cannot hold.
        logger.warning("refused by the database: %s", error)
        return problem_response(status.HTTP_400_BAD_REQUEST, "A value is outside of what can be stored.")
    request = getattr(context.get("request"), "_request", None)
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("database unavailable: %s", error)
        return problem_response(
            status.HTTP_503_SERVICE_UNAVAILABLE, "The database does not answer.", headers={"Retry-After": "5"}
        )
    got_request_exception.send(sender=None, request=request)
    logger.error("unforeseen error at %s", getattr(request, "path", "?"), exc_info=error)
    return problem_response(status.HTTP_500_INTERNAL_SERVER_ERROR, "Something went wrong here; it has been logged.")


def _summary(errors: list[FieldError]) -> str:
    shown = [f"{e.field}: {e.detail}" if e.field else e.detail for e in errors[:3]]
    more = len(errors) - len(shown)
    return " ".join(shown) + (f" And {more} more." if more > 0 else "")
