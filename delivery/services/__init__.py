"""Verbs that write what leaves the desk: alerts going off, webhooks, API clients and their keys."""

from delivery.services.alerts import record_alert_trigger
from delivery.services.clients import (
    issue_client,
    revoke_client,
    rotate_client_key,
    validate_scopes,
)
from delivery.services.webhooks import (
    clear_webhook,
    create_webhook,
    ping_webhook,
    replay_deliveries,
    replay_delivery,
    replay_period,
    rotate_webhook_secret,
)

__all__ = [
    "clear_webhook",
    "create_webhook",
    "issue_client",
    "ping_webhook",
    "record_alert_trigger",
    "replay_deliveries",
    "replay_delivery",
    "replay_period",
    "revoke_client",
    "rotate_client_key",
    "rotate_webhook_secret",
    "validate_scopes",
]
