"""What reports, alerts, webhooks, clients and their logs can be filtered by."""

from __future__ import annotations

from django.db.models import Q

from biotech_ma.core.api.filters import (
    BooleanFilter,
    DayFilter,
    IdFilter,
    InstantFilter,
    ListFilter,
    ReadFilterSet,
    TextFilter,
)
from companies.api.filters import CompanyFilter
from delivery.choices import AlertType, ClientType, DeliveryStatus, EventType, ReportFormat, ReportStatus, ReportType
from delivery.querysets import WebhookQuerySet


class ReportFilterSet(ReadFilterSet):
    """Reports by type, day and state."""

    type = ListFilter("report_type", choices=ReportType, label="Any of these types.")
    format = ListFilter("format", choices=ReportFormat, label="Any of these formats.")
    status = ListFilter("delivery_status", choices=ReportStatus, label="Any of these states.")
    since = DayFilter("report_date", lookup_expr="gte", label="Of this day or later.")
    until = DayFilter("report_date", lookup_expr="lte", label="Of this day or earlier.")


class AlertFilterSet(ReadFilterSet):
    """Alerts by type and state."""

    type = ListFilter("alert_type", choices=AlertType, label="Any of these types.")
    is_active = BooleanFilter("is_active", label="Whether it watches.")
    name = TextFilter("name", lookup_expr="icontains", label="Part of the name.")


class AlertTriggerFilterSet(ReadFilterSet):
    """The alerts' history by alert, company and time."""

    alert = IdFilter("alert_id", label="Id of the alert.")
    company = CompanyFilter("company", label="Id or ticker.")
    since = InstantFilter("triggered_at", lookup_expr="gte", label="At or after this day (UTC) or instant.")
    until = InstantFilter("triggered_at", lookup_expr="lte", label="At or before this day (UTC) or instant.")


class WebhookFilterSet(ReadFilterSet):
    """Webhooks by event and state."""

    event_type = ListFilter(method="for_event", choices=EventType, label="Told of this event.")
    is_active = BooleanFilter("is_active", label="Whether it is told.")

    def for_event(self, rows: WebhookQuerySet, name: str, value: list[str]) -> WebhookQuerySet:
        """Return the webhooks that want any of the events: named in their list, or their list is empty."""
        condition = Q(event_types=[])
        for event in value:
            condition |= Q(event_types__contains=[event])
        return rows.filter(condition)


class WebhookDeliveryFilterSet(ReadFilterSet):
    """Deliveries by event, state and time."""

    event_type = ListFilter("event_type", choices=EventType, label="Any of these events.")
    status = ListFilter("status", choices=DeliveryStatus, label="Any of these states.")
    since = InstantFilter("created_at", lookup_expr="gte", label="Written at or after this day (UTC) or instant.")
    until = InstantFilter("created_at", lookup_expr="lte", label="Written at or before this day (UTC) or instant.")


class ClientFilterSet(ReadFilterSet):
    """Clients by kind and state."""

    client_type = ListFilter("client_type", choices=ClientType, label="Any of these kinds.")
    is_active = BooleanFilter("is_active", label="Whether the key works.")
    name = TextFilter("client_name", lookup_expr="icontains", label="Part of the name.")
