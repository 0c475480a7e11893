"""Questions about reports, alerts, webhooks and clients, in the desk's words."""

from __future__ import annotations

from biotech_ma.core.models import SoftDeleteQuerySet


class ReportQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about reports."""


class AlertQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about alerts."""


class WebhookQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about webhooks."""


class ClientQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about API clients."""
