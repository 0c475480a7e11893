"""How long somebody stays signed in: so long without a request, and so long in all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

BEGAN, SEEN = "desk_began", "desk_seen"
# The last request is written down so often at most: a session's row is not written for every page.
NOTED_SECONDS = 60


def is_over(session: Any, now: float) -> bool:
    """Return whether a session, or what it holds, has been idle or signed in for too long by a moment."""
    began, seen = session.get(BEGAN, now), session.get(SEEN, now)
    return bool(now - seen > settings.SESSION_IDLE_MINUTES * 60 or now - began > settings.SESSION_HOURS * 3600)


class SessionLimitsMiddleware:
    """Sign out whoever has been idle, or signed in, for longer than the settings say. Stands after the messages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._judge(request, time.time())
        return self.get_response(request)

    def _judge(self, request: HttpRequest, now: float) -> None:
        began, seen = request.session.get(BEGAN, now), request.session.get(SEEN, now)
        if is_over(request.session, now):
            logout(request)
            messages.info(request, "You were signed out, as you had been away or signed in for long. Sign in again.")
        elif SEEN not in request.session or now - seen > NOTED_SECONDS:
            request.session[BEGAN], request.session[SEEN] = began, now
