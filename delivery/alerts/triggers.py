"""Writing that alerts went off: the history, the inboxes, the messages to come and the news for the webhooks.

All in the transaction of the evaluation, in a fixed number of statements: what is written will be told, and what is
told was written. A cause that has set its alert off before is passed over by the database itself.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from biotech_ma.core.news import tell
from biotech_ma.core.services import recorded
from delivery.alerts.barrier import Barrier, barrier_for
from delivery.alerts.causes import Cause
from delivery.alerts.quiet import due_at
from delivery.choices import Channel
from delivery.models import Alert
from delivery.preferences import Timing, timing_of, wants_alert

# The topic of the news that alerts went off.
ALERTS = "alerts"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
# Compiling a statement of many conditions to machine code takes far longer than running it over some thousand rows.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('biotech_ma.alerts', 0)), set_config('jit', 'off', true)"

_TRIGGERS = """
INSERT INTO alert_triggers (alert_id, company_id, signal_id, score_id, cause, reason, details)
SELECT alert_id, company_id, signal_id, score_id, cause, reason, details
FROM jsonb_to_recordset(%s::jsonb) AS x(
    alert_id uuid, company_id uuid, signal_id uuid, score_id uuid, cause text, reason text, details jsonb)
ON CONFLICT (alert_id, cause) DO NOTHING
RETURNING id, alert_id, triggered_at, company_id, EXISTS (
    SELECT FROM restrictions AS r WHERE r.company_id = alert_triggers.company_id AND r.until IS NULL
)
"""
_COUNTS = """
UPDATE alerts AS a SET trigger_count = trigger_count + x.times, last_triggered = greatest(last_triggered, x.at)
FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, times int, at timestamptz) WHERE a.id = x.id
"""
_INBOX = """
INSERT INTO inbox_items (user_id, trigger_id)
SELECT user_id, trigger_id FROM jsonb_to_recordset(%s::jsonb) AS x(user_id int, trigger_id uuid)
ON CONFLICT (user_id, trigger_id) DO NOTHING
"""
_NOTICES = """
INSERT INTO alert_notices (trigger_id, channel, recipient, next_attempt_at)
SELECT trigger_id, channel, recipient, due_at
FROM jsonb_to_recordset(%s::jsonb) AS x(trigger_id uuid, channel text, recipient text, due_at timestamptz)
ON CONFLICT (trigger_id, channel, recipient) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert and what set it off."""

    alert: Alert
    cause: Cause


@dataclass(frozen=True, slots=True)
class Written:
    """A trigger that is new."""

    id: UUID
    alert: Alert
    triggered_at: dt.datetime
    company_id: UUID | None = None
    is_restricted: bool = False


def locked_for_evaluation() -> None:
    """Wait until no other evaluation is at work, for the length of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def write(fired: Sequence[Fired]) -> int:
    """Write the triggers, count them and have everybody told; return how many are new."""
    return len(write_triggers(fired))


def write_triggers(fired: Sequence[Fired]) -> list[Written]:
    """Write the triggers that are new, with all that follows from them, and return them."""
    if not fired:
        return []
    with recorded("alerts triggered"), connection.cursor() as cursor:
        cursor.execute(_TRIGGERS, [json.dumps([_row(each) for each in fired])])
        alerts = {each.alert.pk: each.alert for each in fired}
        written = [Written(key, alerts[alert], *rest) for key, alert, *rest in cursor.fetchall()]
        if written:
            barrier = barrier_for(written)
            if counted := _counted([each for each in written if not each.is_restricted]):
                cursor.execute(_COUNTS, [json.dumps(counted)])
            _fill_inboxes(cursor, written, barrier)
            _prepare_messages(cursor, written, barrier)
            barrier.write_log()
            if any(Channel.WEBHOOK in each.alert.notification_channels for each in written):
                tell(ALERTS)
    return written


def _row(each: Fired) -> dict[str, Any]:
    cause = each.cause
    ids = {"company_id": cause.company_id, "signal_id": cause.signal_id, "score_id": cause.score_id}
    return {
        "alert_id": str(each.alert.pk),
        **{name: str(value) if value else None for name, value in ids.items()},
        "cause": cause.key,
        "reason": cause.reason,
        "details": cause.details,
    }


def _counted(written: Sequence[Written]) -> list[dict[str, Any]]:
    """Return how often each alert went off, as everybody may know."""
    if not written:
        return []
    times: dict[UUID, int] = {}
    for each in written:
        times[each.alert.pk] = times.get(each.alert.pk, 0) + 1
    at = max(each.triggered_at for each in written).isoformat()
    return [{"id": str(key), "times": number, "at": at} for key, number in sorted(times.items())]


def _fill_inboxes(cursor: Any, written: list[Written], barrier: Barrier) -> None:
    """Put the triggers into the inboxes of those whom the alert's recipients name, else of all who may see them.

    Of a company on the restricted list only those who are cleared are told.
    """
    wanted = [each for each in written if Channel.INBOX in each.alert.notification_channels]
    if not wanted:
        return
    users = get_user_model().objects.with_perm("delivery.view_alerttrigger", backend=MODEL_BACKEND)
    known = list(users.filter(is_staff=True).values_list("pk", "email"))
    rows = []
    for each in wanted:
        named = {address.lower() for address in each.alert.recipients}
        chosen = [key for key, email in known if email.lower() in named] or [key for key, _ in known]
        rows += [{"user_id": key, "trigger_id": str(each.id)} for key in barrier.cleared_users(each, chosen)]
    cursor.execute(_INBOX, [json.dumps(rows)])


def _prepare_messages(cursor: Any, written: list[Written], barrier: Barrier) -> None:
    """Write a notice for each trigger and recipient by e-mail and Slack, due when its alert allows."""
    due: dict[tuple[UUID, Timing | None], dt.datetime] = {}
    rows = []
    for each in written:
        for channel, recipient, timing in addresses_of(each.alert):
            if not barrier.lets_through(each, recipient):
                continue
            key = each.alert.pk, timing
            if key not in due:
                due[key] = due_at(each.alert, each.triggered_at, timing=timing)
            rows.append(
                {"trigger_id": str(each.id), "channel": channel, "recipient": recipient,
                 "due_at": due[key].isoformat()}
            )  # fmt: skip
    if rows:
        cursor.execute(_NOTICES, [json.dumps(rows)])
        from delivery.alerts.jobs import queue_messages

        queue_messages()


def addresses_of(alert: Alert) -> list[tuple[str, str, Timing | None]]:
    """Return where the alert's messages go: channel, recipient (empty for Slack), and when, if not as the alert says.

    Where a client's address stands in for recipients, the client's preferences say whether and how it is written to.
    """
    found: list[tuple[str, str, Timing | None]] = []
    if Channel.EMAIL in alert.notification_channels:
        found += [(Channel.EMAIL.value, address, None) for address in alert.recipients]
        if not alert.recipients:
            found += _client_of(alert)
    if Channel.SLACK in alert.notification_channels and alert.slack_webhook_url:
        found.append((Channel.SLACK.value, "", None))
    return found


def _client_of(alert: Alert) -> list[tuple[str, str, Timing | None]]:
    client = alert.client
    if client is None or not client.contact_email or not wants_alert(client.notification_preferences, alert.alert_type):
        return []
    return [(Channel.EMAIL.value, client.contact_email, timing_of(client.notification_preferences))]
