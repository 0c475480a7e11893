"""The hourly limit of each client: exact over any number of workers (delivery/leases.py)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from delivery.api.auth import Caller


class HourlyLimit(BaseThrottle):
    """Refuses a client's calls beyond its `rate_limit_per_hour`. The call was counted when its key was looked up."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return False once the hour's calls are spent."""
        caller = request.auth
        if not isinstance(caller, Caller) or caller.is_admitted:
            return True
        self.seconds = caller.reset_seconds
        return False

    def wait(self) -> float | None:
        """Return the seconds until the next hour."""
        return self.seconds
