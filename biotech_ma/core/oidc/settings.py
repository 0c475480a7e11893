"""What the environment says of the identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_private(url: str) -> bool:
    """Return whether nobody on the way can read what is sent there: TLS, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


@dataclass(frozen=True)
class Provider:
    """An identity provider, and what its groups are here. Without issuer, client and secret it is off."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    name: str = "your organisation"
    scope: str = "openid email profile"
    group_claim: str = "groups"
    roles: tuple[tuple[str, str], ...] = ()

    @property
    def is_on(self) -> bool:
        """True when all that signing in takes is there."""
        return bool(self.issuer and self.client_id and self.client_secret)

    @property
    def missing(self) -> list[str]:
        """Return the variables that are still to be set, where some are and some are not."""
        needed = {"ISSUER": self.issuer, "CLIENT_ID": self.client_id, "CLIENT_SECRET": self.client_secret}
        absent = [f"BIOTECH_MA_OIDC_{name}" for name, value in needed.items() if not value]
        return absent if len(absent) < len(needed) or self.roles else []

    @property
    def is_private(self) -> bool:
        """True when nobody on the way can read what is sent to the issuer: TLS, or this machine."""
        return is_private(self.issuer)

    @property
    def document_url(self) -> str:
        """Return the address of the document that describes the provider (OpenID Connect Discovery 1.0, 4)."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    def roles_of(self, groups: list[str]) -> set[str]:
        """Return the roles that these groups of the provider stand for."""
        return {role for group, role in self.roles if group in groups}


def provider(env: Any) -> Provider:
    """Return the provider that the environment names; one that is off when it names none."""

    def text(name: str, default: str = "") -> str:
        return str(env.str(f"BIOTECH_MA_OIDC_{name}", default="")).strip() or default

    return Provider(
        issuer=text("ISSUER"),
        client_id=text("CLIENT_ID"),
        client_secret=text("CLIENT_SECRET"),
        name=text("NAME", Provider.name),
        scope=text("SCOPE", Provider.scope),
        group_claim=text("GROUP_CLAIM", Provider.group_claim),
        roles=_pairs(text("ROLES")),
    )


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return `group=role; group=role` as pairs; a part without a role has an empty one, which the checks name."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    return tuple((group.strip(), role.strip()) for group, _, role in (part.rpartition("=") for part in parts))
