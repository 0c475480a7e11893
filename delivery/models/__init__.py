"""What leaves the desk: reports, alerts, webhooks, API clients, and the logs that make them trustworthy."""

from delivery.models.alerts import Alert, AlertTrigger
from delivery.models.clients import Client, ClientUsage
from delivery.models.reports import Report
from delivery.models.webhooks import Webhook, WebhookDelivery

__all__ = ["Alert", "AlertTrigger", "Client", "ClientUsage", "Report", "Webhook", "WebhookDelivery"]
