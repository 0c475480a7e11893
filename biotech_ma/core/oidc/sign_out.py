"""Sessions that an identity provider began, and ends: which they are, and that a logout token counts once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now
from django.http import HttpRequest

from biotech_ma.core.oidc.identities import MOST_OF_A_SUBJECT, Identity, text_of
from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.sign_ins import SignIn, end_sign_ins, note_sign_in
from biotech_ma.core.sweeping import sweep

MOST_OF_A_SESSION_ID = 255


class LogoutTokenUsedError(Exception):
    """The token has ended its sessions already."""


class LogoutToken(models.Model):
    """A logout token that was used. Kept for a day, and a token counts for an hour."""

    key = models.CharField(
        max_length=64, primary_key=True, db_comment="SHA-256 of the issuer and the token's id (jti)."
    )
    created_at = models.DateTimeField(db_default=Now(), db_comment="When it was used; kept for 24 hours.")

    class Meta:
        app_label = "core"
        db_table = "logout_tokens"
        db_table_comment = "Logout tokens of the identity provider that were used, for 24 hours: each counts once."
        indexes = [
            # throwing away what is older than a day
            models.Index(fields=["created_at"], name="logout_tokens_created_idx"),
        ]

    def __str__(self) -> str:
        return self.key


def note_provider_sign_in(request: HttpRequest, provider: Provider, claims: Mapping[str, Any], id_token: str) -> None:
    """Write down the session that the provider began, with what signing out there and from there takes."""
    note_sign_in(
        request,
        identity=Identity.objects.get(issuer=provider.issuer, subject=text_of(claims.get("sub"), MOST_OF_A_SUBJECT)),
        provider_session=text_of(claims.get("sid"), MOST_OF_A_SESSION_ID),
        id_token=id_token,
    )


def end_sessions(provider: Provider, claims: Mapping[str, Any]) -> int:
    """End what the verified claims of a logout token name: a session, or all of a user's; return how many there were.

    Raises LogoutTokenUsedError for a token that has been used, and ends nothing then.
    """
    key = hashlib.sha256(f"{provider.issuer} {claims['jti']}".encode("utf-8", "replace")).hexdigest()
    rows = _meant(SignIn.objects.filter(identity__issuer=provider.issuer), claims)
    with transaction.atomic():
        if not _take(key):
            raise LogoutTokenUsedError("the token has been used")
        ended = end_sign_ins(rows)
        sweep(LogoutToken)
    return ended


def _meant(rows: models.QuerySet[SignIn], claims: Mapping[str, Any]) -> models.QuerySet[SignIn]:
    """Return the provider's sessions that the claims name by user, by session, or by both."""
    session_id = text_of(claims.get("sid"), MOST_OF_A_SESSION_ID)
    if claims.get("sub") is None:
        return rows.filter(provider_session=session_id) if session_id else rows.none()
    rows = rows.filter(identity__subject=text_of(claims["sub"], MOST_OF_A_SUBJECT))
    # a session of the user's that the provider gave no id cannot be told from the one that ended
    return rows.filter(provider_session__in=[session_id, ""]) if session_id else rows


def _take(key: str) -> bool:
    """Claim the token; False when it was used before."""
    _, is_new = LogoutToken.objects.get_or_create(key=key)
    return is_new
