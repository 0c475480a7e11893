"""The admin's own Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.csp import CSP


class AdminCSPMiddleware:
    """Let the admin's Alpine evaluate its attributes ('unsafe-eval'); every other page keeps the strict policy.

    Stands after ContentSecurityPolicyMiddleware, which writes the header.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        usual: dict[str, Any] = settings.SECURE_CSP
        self.policy = {**usual, "script-src": [*usual.get("script-src", [CSP.SELF]), CSP.UNSAFE_EVAL]}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            response._csp_config = self.policy  # type: ignore[attr-defined]
        return response
