"""What leaves the desk: reports, alerts, webhooks, API clients, and the logs that make them trustworthy."""

from delivery.models.alert_messages import AlertNotice, InboxItem
from delivery.models.alerts import Alert, AlertState, AlertTrigger
from delivery.models.clients import Client, ClientUsage
from delivery.models.reports import Report, ReportMail
from delivery.models.standing_orders import StandingOrder
from delivery.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Alert", "AlertNotice", "AlertState", "AlertTrigger", "Client", "ClientUsage", "InboxItem", "Report", "ReportMail",
    "StandingOrder", "Webhook", "WebhookDelivery",
]  # fmt: skip
