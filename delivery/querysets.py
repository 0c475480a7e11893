"""Questions about reports, alerts, webhooks and clients, in the desk's words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from biotech_ma.core.models import SoftDeleteQuerySet
from biotech_ma.core.vocabulary import known
from delivery.choices import AlertType, EventType, ReportStatus, ReportType

if TYPE_CHECKING:
    from delivery.models import Alert, Client, Report, StandingOrder, Webhook  # noqa: F401  (named in quotes below)


class ReportQuerySet(SoftDeleteQuerySet["Report"]):
    """Questions about reports."""

    def of_type(self, *types: str) -> Self:
        """Return the reports of any of these types. Raises ValueError for an unknown one."""
        return self.filter(report_type__in=known(types, ReportType.values, noun="report type"))

    def in_period(self, start: dt.date | None, end: dt.date | None) -> Self:
        """Return the reports whose day lies in the period, both days included, None = open."""
        rows = self if start is None else self.filter(report_date__gte=start)
        return rows if end is None else rows.filter(report_date__lte=end)

    def recent(self, limit: int = 20) -> Self:
        """Return the newest reports, at most that many. The slice is the last step: filter before it."""
        return self.order_by("-report_date", "-id")[:limit]

    def with_status(self, *statuses: str) -> Self:
        """Return the reports of any of these delivery statuses. Raises ValueError for an unknown one."""
        return self.filter(delivery_status__in=known(statuses, ReportStatus.values, noun="delivery status"))


class AlertQuerySet(SoftDeleteQuerySet["Alert"]):
    """Questions about alerts."""

    def active(self) -> Self:
        """Return the alerts that watch: switched on and not archived."""
        return self.live().filter(is_active=True)

    def of_type(self, *types: str) -> Self:
        """Return the alerts of any of these types. Raises ValueError for an unknown one."""
        return self.filter(alert_type__in=known(types, AlertType.values, noun="alert type"))


class WebhookQuerySet(SoftDeleteQuerySet["Webhook"]):
    """Questions about webhooks."""

    def active(self) -> Self:
        """Return the webhooks that are told of events: switched on and not archived."""
        return self.live().filter(is_active=True)

    def active_for(self, event_type: str) -> Self:
        """Return the active webhooks that want this event: named in their list, or their list is empty.

        Raises ValueError for an unknown event.
        """
        known([event_type], EventType.values, noun="event type")
        return self.active().filter(Q(event_types__contains=[event_type]) | Q(event_types=[]))


class ClientQuerySet(SoftDeleteQuerySet["Client"]):
    """Questions about API clients."""

    def active(self) -> Self:
        """Return the clients whose key works: not archived, not revoked, not expired."""
        return self.live().filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), is_active=True)


class StandingOrderQuerySet(models.QuerySet["StandingOrder"]):
    """Questions about reports that are made on schedule of a watchlist."""

    def due(self, report_type: str) -> Self:
        """Return the orders of this report that are on, of watchlists that are not archived."""
        return self.filter(report_type=report_type, is_active=True, watchlist__deleted_at__isnull=True)
