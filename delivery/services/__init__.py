"""Verbs that write what leaves the desk: alerts going off, webhooks, API clients and their keys."""

from delivery.services.alerts import record_alert_trigger
from delivery.services.clients import (
    issue_client,
    revoke_client,
    rotate_client_key,
    validate_scopes,
)
from delivery.services.webhooks import (
    create_webhook,
    record_webhook_failure,
    record_webhook_success,
    rotate_webhook_secret,
)

__all__ = [
    "create_webhook",
    "issue_client",
    "record_alert_trigger",
    "record_webhook_failure",
    "record_webhook_success",
    "revoke_client",
    "rotate_client_key",
    "rotate_webhook_secret",
    "validate_scopes",
]
