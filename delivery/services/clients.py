"""API clients and their keys. A key is shown once; the database keeps its SHA-256 only."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.functions import Now

from biotech_ma.core.services import Outcome, Refused, locked, recorded
from biotech_ma.core.vocabulary import known
from delivery.choices import Scope
from delivery.leases import LEASES
from delivery.models import Client
from delivery.webhooks.leases import cancel_for_the_dead

# 32 random bytes: nothing that a slow hash would protect, so that a plain digest can be looked up by its index.
SECRET_BYTES = 32
PREFIX_BYTES = 4
NO_OVERLAP, LONGEST_OVERLAP = dt.timedelta(0), dt.timedelta(days=30)
PREVIOUS = ("previous_api_key", "previous_key_prefix", "previous_key_until")
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


def rotate_client_key(*, client: Client, overlap: dt.timedelta = NO_OVERLAP, reason: str = "") -> str:
    """Give the client a new key and return it. The old one works on for the overlap; without one it is dead at once.

    A key that was still overlapping from an earlier rotation is dead in any case. Raises Refused for a client that is
    revoked or archived: a new key would not work; ValueError for an overlap below zero or beyond thirty days.
    """
    if not NO_OVERLAP <= overlap <= LONGEST_OVERLAP:
        raise ValueError(f"An overlap lies between 0 and {LONGEST_OVERLAP.days} days.")
    prefix, key = _new_key()
    with recorded("rotate client key", reason=reason):
        current = locked(client)
        if current.is_archived or not current.is_active:
            state = "archived" if current.is_archived else "revoked"
            raise Refused(f"{current} is {state}; a new key would not work.", field="is_active")
        former = (
            {"previous_api_key": current.api_key, "previous_key_prefix": current.key_prefix}
            if overlap
            else dict.fromkeys(("previous_api_key", "previous_key_prefix"))
        )
        until = Now() + overlap if overlap else None
        Client.all_objects.filter(pk=current.pk).update(
            key_prefix=prefix, api_key=digest_of(key), previous_key_until=until, **former
        )
    _forget(current)
    client.refresh_from_db(fields=["key_prefix", "api_key", *PREVIOUS])
    return key


def _forget(client: Client) -> None:
    """Let this process look the keys up anew at the next call; other workers do within a second."""
    for digest in filter(None, (client.api_key, client.previous_api_key)):
        LEASES.forget(digest)


def revoke_client(*, client: Client, reason: str = "") -> Outcome:
    """Revoke the client's keys for good or until it is switched on again. Twice changes nothing and says so.

    What is queued for its endpoints is cancelled with it, and can be sent again once it is active.
    """
    with recorded("revoke client", reason=reason):
        current = locked(client)
        if not current.is_active:
            return Outcome(changed=False, message=f"{current} was revoked already.")
        Client.all_objects.filter(pk=current.pk).update(is_active=False, **dict.fromkeys(PREVIOUS))
        cancel_for_the_dead()
    _forget(current)
    client.is_active = False
    return Outcome(changed=True, message=f"{current} is revoked.")
