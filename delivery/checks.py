"""What `check` says of roles that settings name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from delivery.roles import ROLES


@register(Tags.security)
def mapped_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse groups of the identity provider that stand for a role that is none."""
    unknown = sorted({role for group, role in settings.OIDC.roles if role not in ROLES or not group})
    if not unknown:
        return []
    return [
        Error(
            f"BIOTECH_MA_OIDC_ROLES names no role with a group: {', '.join(repr(role) for role in unknown)}.",
            hint=f"Write group=role; group=role, with the roles {', '.join(ROLES)}.",
            id="biotech_ma.E004",
        )
    ]
