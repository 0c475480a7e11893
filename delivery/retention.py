"""The logs' end: what was delivered long ago is deleted, batch by batch. What was not delivered never is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

MOST_AT_ONCE = 5_000

# The keys are in the order of writing, so that the oldest rows are found without an index of their own; a delivery that
# was sent again since is young.
_DELIVERIES = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE id < %(oldest_key)s AND status = 'delivered' AND updated_at < %(before)s
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""
# With them go their messages and their entries in inboxes, by the database's own cascade.
_TRIGGERS = """
DELETE FROM alert_triggers WHERE id IN (
    SELECT t.id FROM alert_triggers AS t
    WHERE t.triggered_at < %(before)s
      AND NOT EXISTS (SELECT FROM alert_notices AS n WHERE n.trigger_id = t.id AND n.status <> 'sent')
    ORDER BY t.triggered_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""
_INBOX = """
DELETE FROM inbox_items WHERE id IN (
    SELECT id FROM inbox_items WHERE id < %(oldest_key)s AND webhook_id IS NOT NULL ORDER BY id LIMIT %(most)s
)
"""


def forget_old_deliveries(*, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete the webhook deliveries that arrived more than KEEP_DELIVERIES_DAYS ago; return how many. 0 keeps all."""
    return _forget(_DELIVERIES, settings.KEEP_DELIVERIES_DAYS, is_stopping)


def forget_old_alerts(*, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete the alert history older than KEEP_ALERTS_DAYS, unless a message of it has not gone out; return how many.

    So with the inboxes' entries about webhooks. 0 keeps all.
    """
    days = settings.KEEP_ALERTS_DAYS
    return _forget(_TRIGGERS, days, is_stopping) + _forget(_INBOX, days, is_stopping)


def _forget(statement: str, days: int, is_stopping: Callable[[], bool]) -> int:
    """Run the statement, each batch a transaction of its own, until a batch is not full."""
    if days <= 0:
        return 0
    before = timezone.now() - dt.timedelta(days=days)
    values: dict[str, Any] = {"before": before, "oldest_key": first_key_of(before), "most": MOST_AT_ONCE}
    forgotten = 0
    while not is_stopping():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            forgotten += cursor.rowcount
            if cursor.rowcount < MOST_AT_ONCE:
                break
    return forgotten


def first_key_of(moment: dt.datetime) -> uuid.UUID:
    """Return the least UUID v7 of the moment: RFC 9562, its first 48 bits are the milliseconds since 1970."""
    return uuid.UUID(int=int(moment.timestamp() * 1_000) << 80)
