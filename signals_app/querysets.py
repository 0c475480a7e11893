"""Questions about the ledger, in the analyst's words."""

from __future__ import annotations

from django.db import models


class SignalQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Questions about signals."""


class FinancialFactQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Questions about financial facts."""
