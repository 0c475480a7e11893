"""Where the sources answer, under which name we ask, and how often: `settings.SOURCES` in plain questions."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from django.conf import settings

from biotech_ma.core.http import registrable_host
from biotech_ma.core.rate_limit import hold_back, wait_for_slot
from signals_app.ingest.base import IngestError

CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NO_CONTACT = (
    'the SEC wants to know who asks: set SEC_USER_AGENT in the environment or in .env, such as "Example Capital'
    ' jane.doe@example.com" (a name and an e-mail address)'
)


def base(name: str) -> str:
    """Return a source's base address, without a slash at its end."""
    return str(settings.SOURCE_BASES[name]).rstrip("/")


def user_agent(source: str) -> str:
    """Return the name under which a source is asked. Raises IngestError where the SEC's contact is not set."""
    declared = str(settings.SEC_USER_AGENT).strip()
    if source.startswith("edgar-") and not CONTACT.search(declared):
        raise IngestError(NO_CONTACT)
    return declared or "biotech_ma"


def pace(host: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until a request to the host may start, where the host has a limit."""
    if limit := _per_second(host):
        wait_for_slot(host, limit, sleep=sleep)


def hold(host: str, seconds: float) -> None:
    """Keep every process from the host for so long, where the host has a limit."""
    if _per_second(host):
        hold_back(host, seconds)


def _per_second(host: str) -> float | None:
    for base_name, per_second in settings.SOURCE_RATES.items():
        if registrable_host(base(base_name)) == host:
            return float(per_second)
    return None
