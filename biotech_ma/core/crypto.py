"""Text that is encrypted at rest with BIOTECH_MA_FIELD_KEYS, or with the key file of a small deployment."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    derived = [base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()) for key in keys]
    return MultiFernet([Fernet(key) for key in derived])


def cipher() -> MultiFernet:
    """Return the cipher of the configured keys: the first encrypts, every one decrypts (so keys can be rotated)."""
    return _cipher(tuple(settings.FIELD_KEYS))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A text column whose stored form is a Fernet token. It cannot be searched or compared in SQL."""

    def get_prep_value(self, value: Any) -> Any:
        return value if not value else cipher().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt; raises ImproperlyConfigured when no configured key fits."""
        if not value:
            return value
        try:
            return cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                "a stored secret fits none of BIOTECH_MA_FIELD_KEYS; add the key it was written with"
            ) from None
