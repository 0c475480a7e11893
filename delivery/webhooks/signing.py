"""Signatures as Standard Webhooks describes them, made by its public package: <https://www.standardwebhooks.com>."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import secrets
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from standardwebhooks import Webhook as Signer

PREFIX = "whsec_"
SECRET_BYTES = 32
# The specification's bounds.
LEAST_BYTES, MOST_BYTES = 24, 64
USER_AGENT = "biotech_ma webhooks"


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def checked_secret(secret: str) -> str:
    """Return the secret that somebody brought along. Raises ValidationError where it is none, too short or too long."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValidationError(
            {"secret": f"A secret is {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} random bytes in base64; "
                       "leave it out, and one is made."},
            code="secret",
        )  # fmt: skip
    return secret


def signed_headers(*, message_id: str, body: bytes, secrets: Sequence[str], now: dt.datetime) -> dict[str, str]:
    """Return the headers of an attempt, with one signature a secret: two while a rotation is under way."""
    text = body.decode()
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(message_id, now, text) for secret in secrets),
    }
