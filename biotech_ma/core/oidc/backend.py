"""Users whom the identity provider vouched for: their sessions load them as others do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class OidcBackend(ModelBackend):
    """Takes no password. Whoever is made inactive is out with the next request, as with every backend of Django's."""

    def authenticate(self, request: Any, username: Any = None, password: Any = None, **kwargs: Any) -> None:
        """Authenticate nobody: the provider's answer does."""
        return
