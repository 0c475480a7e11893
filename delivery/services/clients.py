"""API clients and their keys. A key is shown once; the database keeps its SHA-256 only."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from biotech_ma.core.services import Outcome, Refused, locked, recorded
from biotech_ma.core.vocabulary import known
from delivery.choices import Scope
from delivery.models import Client

# 32 random bytes: nothing that a slow hash would protect, so that a plain digest can be looked up by its index.
SECRET_BYTES = 32
PREFIX_BYTES = 4
KEY = re.compile(r"bma_([0-9a-f]{8})_([0-9a-f]{64})")


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key in hexadecimal: what the database keeps."""
    return hashlib.sha256(key.encode()).hexdigest()


def validate_scopes(scopes: Sequence[str]) -> list[str]:
    """Return the scopes without doubles. Raises ValidationError for one that is neither read, write:… nor admin."""
    try:
        return list(dict.fromkeys(known(scopes, Scope.values, noun="scope")))
    except ValueError as error:
        raise ValidationError({"scopes": str(error)}) from None


def _new_key() -> tuple[str, str]:
    prefix = secrets.token_hex(PREFIX_BYTES)
    return prefix, f"bma_{prefix}_{secrets.token_hex(SECRET_BYTES)}"


def issue_client(
    *,
    client_name: str,
    scopes: Sequence[str] = (Scope.READ,),
    rate_limit_per_hour: int | None = None,
    expires_at: dt.datetime | None = None,
    **fields: Any,
) -> tuple[Client, str]:
    """Create a client and return it with its key, which nobody can read again.

    Raises ValidationError, with the field, for what the table refuses.
    """
    prefix, key = _new_key()
    client = Client(
        client_name=client_name,
        scopes=validate_scopes(scopes),
        expires_at=expires_at,
        key_prefix=prefix,
        api_key=digest_of(key),
        **fields,
    )
    if rate_limit_per_hour is not None:
        client.rate_limit_per_hour = rate_limit_per_hour
    client.full_clean()
    with recorded("issue client"):
        client.save(force_insert=True)
    return client, key


def rotate_client_key(*, client: Client, reason: str = "") -> str:
    """Give the client a new key and return it; the old one is dead at once.

    Raises Refused for a client that is revoked or archived: a new key would not work.
    """
    prefix, key = _new_key()
    with recorded("rotate client key", reason=reason):
        current = locked(client)
        if current.is_archived or not current.is_active:
            state = "archived" if current.is_archived else "revoked"
            raise Refused(f"{current} is {state}; a new key would not work.", field="is_active")
        Client.all_objects.filter(pk=current.pk).update(key_prefix=prefix, api_key=digest_of(key))
    client.refresh_from_db(fields=["key_prefix", "api_key"])
    return key


def revoke_client(*, client: Client, reason: str = "") -> Outcome:
    """Revoke the client's key for good or until it is switched on again. Twice changes nothing and says so."""
    with recorded("revoke client", reason=reason):
        current = locked(client)
        if not current.is_active:
            return Outcome(changed=False, message=f"{current} was revoked already.")
        Client.all_objects.filter(pk=current.pk).update(is_active=False)
    client.is_active = False
    return Outcome(changed=True, message=f"{current} is revoked.")


def verify_client_key(*, key: str) -> Client | None:
    """Return the client whose live, unexpired key this is, or None.

    A text that cannot be a key costs no query. The index finds the digest, of which a caller cannot steer a byte, and
    the comparison takes the same time wherever two digests differ.
    """
    if KEY.fullmatch(key) is None:
        return None
    digest = digest_of(key)
    client = Client.objects.active().filter(api_key=digest).first()
    return client if client is not None and hmac.compare_digest(client.api_key, digest) else None
