"""The alerts' messages on their way: taken up when due, sent outside of any transaction, tried again, never forgotten.

A notice is due at `next_attempt_at`. Taking it up moves that moment to when its job would count as lost, and then it is
taken up anew; a killed worker's job comes back long before, and takes up what it had begun. A message that went out
just before its worker was killed goes out again, under the same Message-ID: at least once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce, Now

from companies.models import Restriction
from delivery.alerts import channels
from delivery.alerts.barrier import Barrier, barrier_for
from delivery.alerts.channels import NotSent
from delivery.alerts.messages import message_of
from delivery.choices import NoticeStatus
from delivery.models import AlertNotice
from delivery.restricted import WITHHELD

MOST_AT_ONCE = 10_000
RESTRICTED = Restriction.objects.live().filter(
    company_id=Coalesce(OuterRef("trigger__company__merged_into_id"), OuterRef("trigger__company_id"))
)
LEASE = dt.timedelta(minutes=15)
# Until each further attempt; after the last one the message has failed, with its reason.
DELAYS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600))

# What has been sent together once, or tried, stays together: its claim is the identity of the message.
_TAKE_UP = """
WITH due AS (
    SELECT n.id, n.claim, n.attempts, t.alert_id, n.channel, n.recipient
    FROM alert_notices AS n JOIN alert_triggers AS t ON t.id = n.trigger_id
    WHERE n.status = 'pending' AND n.next_attempt_at <= statement_timestamp()
    ORDER BY n.next_attempt_at, n.id LIMIT %(most)s FOR UPDATE OF n SKIP LOCKED
), messages AS MATERIALIZED (
    SELECT alert_id, channel, recipient, uuidv7() AS claim FROM due WHERE claim IS NULL
    GROUP BY alert_id, channel, recipient
), taken AS (
    UPDATE alert_notices AS n
    SET claim = coalesce(due.claim, m.claim),
        next_attempt_at = statement_timestamp() + make_interval(secs => %(seconds)s)
    FROM due LEFT JOIN messages AS m USING (alert_id, channel, recipient)
    WHERE n.id = due.id RETURNING n.claim, n.attempts
)
SELECT claim, max(attempts) FROM taken GROUP BY claim ORDER BY claim
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be sent: the claim of its notices, and how many attempts there have been."""

    claim: UUID
    attempts: int


def take_up() -> list[Due]:
    """Take up the notices that are due, as messages; nobody else gets them until their lease is over. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_UP, {"most": MOST_AT_ONCE, "seconds": LEASE.total_seconds()})
        return [Due(claim, attempts) for claim, attempts in cursor.fetchall()]


def send_message(claim: UUID, attempts: int, *, cut_short: int = 0) -> NoticeStatus | None:
    """Send the message unless another job has tried it since; return how it stands then, None if nothing was tried.

    `cut_short`: how many times this very job was begun before and its worker died; what those began is this one's, too.
    What cannot be sent now is tried again later; what cannot be sent at all has failed, with its reason.
    """
    notices = _begin(claim, attempts, attempts + cut_short)
    if not notices:
        return None
    first = notices[0]
    alert = first.trigger.alert
    barrier = barrier_for([notice.trigger for notice in notices])
    notices = _let_through(notices, barrier)
    if not notices:
        return NoticeStatus.FAILED
    try:
        message = message_of([notice.trigger for notice in notices])
        channels.send(first.channel, alert, first.recipient, message, claim)
    except NotSent as error:
        return _not_sent(claim, first.attempts, error)
    AlertNotice.objects.filter(claim=claim, status=NoticeStatus.PENDING).update(
        status=NoticeStatus.SENT, sent_at=Now(), next_attempt_at=None, error=None
    )
    for notice in notices:
        barrier.sent(notice.trigger, notice.recipient)
    barrier.write_log()
    return NoticeStatus.SENT


def send_again(notices: list[UUID]) -> int:
    """Make failed notices due now, as messages of their own; return how many there were."""
    return AlertNotice.objects.filter(pk__in=notices, status=NoticeStatus.FAILED).update(
        status=NoticeStatus.PENDING, attempts=0, claim=None, next_attempt_at=Now()
    )


def _begin(claim: UUID, least: int, most: int) -> list[AlertNotice]:
    with transaction.atomic():
        begun = AlertNotice.objects.filter(
            claim=claim, status=NoticeStatus.PENDING, attempts__gte=least, attempts__lte=most
        ).update(attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE)
        if not begun:
            return []
        notices = AlertNotice.objects.filter(claim=claim, status=NoticeStatus.PENDING)
        with_alerts = notices.select_related("trigger__alert__client")
        found: list[Any] = list(
            with_alerts.annotate(is_restricted=Exists(RESTRICTED)).order_by("trigger__triggered_at", "trigger_id")
        )
        for notice in found:
            notice.trigger.is_restricted = notice.is_restricted
        return found


def _let_through(notices: list[AlertNotice], barrier: Barrier) -> list[AlertNotice]:
    """Return the notices that their recipient may have at this moment; the others have failed, with the reason.

    A company may have come onto the restricted list since the alert went off.
    """
    open_ones = [notice for notice in notices if barrier.lets_through(notice.trigger, notice.recipient)]
    if len(open_ones) < len(notices):
        held = {notice.pk for notice in notices} - {notice.pk for notice in open_ones}
        AlertNotice.objects.filter(pk__in=held, status=NoticeStatus.PENDING).update(
            status=NoticeStatus.FAILED, next_attempt_at=None, error=WITHHELD
        )
        barrier.write_log()
    return open_ones


def _not_sent(claim: UUID, attempts: int, error: NotSent) -> NoticeStatus:
    """Write why the attempt, the so-manieth, failed, and when the next one is due."""
    rows = AlertNotice.objects.filter(claim=claim, status=NoticeStatus.PENDING)
    if error.final or attempts > len(DELAYS):
        rows.update(status=NoticeStatus.FAILED, next_attempt_at=None, error=str(error))
        return NoticeStatus.FAILED
    rows.update(next_attempt_at=Now() + DELAYS[attempts - 1], error=str(error))
    return NoticeStatus.PENDING
