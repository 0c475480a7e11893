"""Signing in to the admin: as ever, but not without end.

Apart from `core.admin`, which registers with the site that this form is a part of.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from unfold.forms import AuthenticationForm

from biotech_ma.core.login_attempts import address_of, forget_attempts, take_attempt


class DeskLoginForm(AuthenticationForm):  # type: ignore[misc]
    """Refuses further passwords from where too many were tried, known name or not, before any is compared."""

    @property
    def provider(self) -> dict[str, str]:
        """Return where and by whom one signs in without a password; nothing where that is not set up."""
        return {"url": reverse("oidc-begin"), "name": settings.OIDC.name} if settings.OIDC.is_on else {}

    def clean(self) -> Any:
        """Return the cleaned data of whoever signs in."""
        name, address = str(self.cleaned_data.get("username") or ""), address_of(self.request)
        seconds = take_attempt(name=name, address=address)
        if seconds:
            minutes = -(-seconds // 60)
            words = "a minute" if minutes == 1 else f"{minutes} minutes"
            raise ValidationError(f"Too many attempts to sign in. Try again in {words}.", code="throttled")
        cleaned = super().clean()
        if self.get_user() is not None:
            forget_attempts(name=name, address=address)
        return cleaned
