"""What `check --deploy` says about a small deployment that runs on its own files."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


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
