"""Questions about scores and matches, in the analyst's words."""

from __future__ import annotations

from django.db import models


class MAScoreQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Questions about scores."""


class AcquirerMatchQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Questions about matches."""
