"""One id a request: the caller's own or a new one, in the answer and in every line that the request logs."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# Letters, digits and what ids are joined with: an id ends in a log, where a line break would forge a line.
FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/=\-]{0,127}")

_current: ContextVar[str] = ContextVar("request_id", default="-")


def request_id(sent: str | None) -> str:
    """Return the id that was sent, or a new one where none was, or none that can be logged as it is."""
    return sent if sent and FORM.fullmatch(sent) else uuid.uuid4().hex


class RequestIdMiddleware:
    """Gives each request its id: `X-Request-ID` in, the same header out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        # Stays until the thread's next request: Django logs what failed once all middleware has returned.
        _current.set(found)
        response = self.get_response(request)
        response.headers[HEADER] = found
        return response


class InEveryLine(logging.Filter):
    """Adds the id of the request that is being answered to each record; `-` outside of any."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = _current.get()
        return True
