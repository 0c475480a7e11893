"""What `check` says of settings that contradict themselves, and `check --deploy` of a small deployment."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from biotech_ma.core.second_factor_gate import REQUIREMENTS


@register(Tags.security, deploy=True)
def deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of the embedded database and of key files: legitimate on one machine, and to be known."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"].get("EMBEDDED_DIR"):
        found.append(
            Warning(
                "The embedded PostgreSQL serves this deployment: one machine, no replica.",
                hint="Set DATABASE_URL to a server of your own, or keep `manage.py db backup` running.",
                id="biotech_ma.W001",
            )
        )
    for name in ("DJANGO_SECRET_KEY", "BIOTECH_MA_FIELD_KEYS"):
        if not os.environ.get(name):
            found.append(
                Warning(
                    f"{name} comes from a file in the data directory, which backups leave out.",
                    hint=f"Set {name}, or copy the file to a safe place.",
                    id="biotech_ma.W002",
                )
            )
    return found


@register(Tags.security)
def signing_in(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a requirement that is none, and a provider that nobody could sign in by; warn of one half set up."""
    found: list[CheckMessage] = []
    if settings.REQUIRE_TOTP not in REQUIREMENTS:
        found.append(
            Error(
                f"BIOTECH_MA_REQUIRE_TOTP is {settings.REQUIRE_TOTP!r}.",
                hint=f"Set it to one of {', '.join(REQUIREMENTS)}.",
                id="biotech_ma.E001",
            )
        )
    provider = settings.OIDC
    if provider.missing:
        found.append(
            Warning(
                f"OpenID Connect is half set up and off: {', '.join(provider.missing)} missing.",
                hint="Set all of BIOTECH_MA_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET, or none.",
                id="biotech_ma.W003",
            )
        )
    if provider.is_on and not find_spec("authlib"):
        found.append(
            Error(
                "OpenID Connect is set up, and its library is not here.",
                hint="uv sync --no-dev --extra oidc",
                id="biotech_ma.E002",
            )
        )
    if provider.issuer and not provider.is_private:
        found.append(
            Error(
                "BIOTECH_MA_OIDC_ISSUER is no https:// address: secrets would be read on the way.",
                hint="Copy the issuer from the provider's document, https://…",
                id="biotech_ma.E003",
            )
        )
    return found
