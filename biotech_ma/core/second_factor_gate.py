"""Whoever has a second factor is nobody until the code is given; whoever must have one gets no further without."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from biotech_ma.core.second_factor import has_second_factor

KEY = "desk_second_factor"
GIVEN, NONE, ASKED = "given", "none", "asked"
OFF, ADMINISTRATORS, ALL = "off", "administrators", "all"
REQUIREMENTS = (OFF, ADMINISTRATORS, ALL)
# For so long a password that was right waits for the code.
WAITS_SECONDS = 10 * 60


class SecondFactorMiddleware:
    """Treat a session whose code is still due as signed out, everywhere but on the page that asks for it.

    The session keeps how it stands, so that a page costs no query for it. Stands right after AuthenticationMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        state, since = standing(request)
        if state == ASKED:
            return self._ask(request, since)
        if state == NONE and self._in_admin(request) and is_required(request) and not self._is_open(request):
            return HttpResponseRedirect(reverse("second-factor"))
        return self.get_response(request)

    def _ask(self, request: HttpRequest, since: float) -> HttpResponse:
        if time.time() - since > WAITS_SECONDS:
            logout(request)
            return self.get_response(request)
        request.waiting_user = request.user  # type: ignore[attr-defined]
        request.user = AnonymousUser()
        if self._in_admin(request) and not self._is_open(request):
            return HttpResponseRedirect(f"{reverse('login-code')}?{urlencode({'next': request.get_full_path()})}")
        return self.get_response(request)

    def _in_admin(self, request: HttpRequest) -> bool:
        return request.path.startswith(reverse("admin:index"))

    def _is_open(self, request: HttpRequest) -> bool:
        names = ("login-code", "second-factor", "admin:logout", "admin:jsi18n")
        return request.path in {reverse(name) for name in names}


def standing(request: HttpRequest) -> tuple[str, float]:
    """Return how the session of the signed-in user stands, and since when; asked of the database once a session."""
    kept = request.session.get(KEY)
    if isinstance(kept, list) and len(kept) == 3 and kept[0] == request.user.pk:  # noqa: PLR2004
        return str(kept[1]), float(kept[2])
    return set_standing(request, ASKED if has_second_factor(request.user.pk or 0) else NONE)


def set_standing(request: HttpRequest, state: str, user: Any = None) -> tuple[str, float]:
    """Keep in the session how it stands from now on."""
    now = time.time()
    request.session[KEY] = [(user or request.user).pk, state, now]
    return state, now


def is_required(request: HttpRequest) -> bool:
    """Return whether the user must have a second factor. A provider that signed them in sees to its own."""
    wanted = settings.REQUIRE_TOTP
    if wanted == OFF or request.session.get(BACKEND_SESSION_KEY) == settings.OIDC_BACKEND:
        return False
    return wanted == ALL or request.user.is_superuser or request.user.has_perm("auth.change_user")
