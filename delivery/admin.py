"""Reports, alerts, webhooks and API clients, with their logs."""

from __future__ import annotations

from delivery import admin_company, admin_today, admin_watchlists  # noqa: F401 - they add to other pages
from delivery.admin_alerts import AlertAdmin
from delivery.admin_clients import ClientAdmin
from delivery.admin_inbox import AlertNoticeAdmin, InboxItemAdmin
from delivery.admin_logs import AlertTriggerAdmin, WebhookDeliveryAdmin
from delivery.admin_reports import ReportAdmin
from delivery.admin_webhooks import WebhookAdmin

__all__ = [
    "AlertAdmin", "AlertNoticeAdmin", "AlertTriggerAdmin", "ClientAdmin", "InboxItemAdmin", "ReportAdmin",
    "WebhookAdmin", "WebhookDeliveryAdmin",
]  # fmt: skip
