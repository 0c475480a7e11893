"""Which deliveries are due, and what became of them: the two statements between the table and the sender.

A claim is one UPDATE that skips what others hold; its locks are gone before a request goes out, and a lease stays: who
dies in between leaves rows that are due again when it ends.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.db import connection, transaction

from biotech_ma.core.crypto import cipher
from biotech_ma.core.services import recorded
from delivery.choices import DeliveryStatus
from delivery.models import Webhook
from delivery.restricted import WITHHELD
from delivery.webhooks.notices import tell_people

# Longer than an attempt takes, by far: only a sender that is dead or stopped lets it run out.
LEASE_SECONDS = 30
# At a time to one endpoint, over all senders; an endpoint that fails gets few, so that it holds few places.
MOST_AN_ENDPOINT, MOST_A_FAILING_ENDPOINT = 8, 2
DAYS_OF_FAILURE = 5
KEPT_CHARACTERS = 4_000

# Of a company on the list, or of a duplicate that is read as one.
_RESTRICTED = """EXISTS (
    SELECT FROM restrictions AS r WHERE r.until IS NULL AND (r.company_id = ANY (d.company_ids) OR r.company_id IN (
        SELECT c.merged_into_id FROM companies AS c WHERE c.id = ANY (d.company_ids))))"""
# What has come onto the restricted list since it was written fails for endpoints that are not cleared. Without a list
# the statement ends before it looks at deliveries.
WITHHOLD = f"""
UPDATE webhook_deliveries AS d SET status = 'failed', next_attempt_at = NULL, lease = NULL, error = %(withheld)s
FROM webhooks AS w
WHERE EXISTS (SELECT FROM restrictions WHERE until IS NULL)
  AND d.webhook_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= now()
  AND w.cleared_url IS DISTINCT FROM w.url
  AND {_RESTRICTED}
"""  # noqa: S608 - a fixed text
# Whose client's key is dead is told nothing from then on: what waits fails with the reason, and can be sent again once
# the client is active. Whatever is out at that moment is left to its answer. Among the dead are few endpoints.
ALIVE = "c.is_active AND c.deleted_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > now())"
CANCELLED = (
    "Cancelled: the API client of this endpoint is revoked, expired or archived. "
    "Once it is active again, this can be sent again."
)
CANCEL = f"""
UPDATE webhook_deliveries AS d SET status = 'failed', next_attempt_at = NULL, lease = NULL, error = %(cancelled)s
FROM webhooks AS w JOIN clients AS c ON c.id = w.client_id
WHERE d.webhook_id = w.id AND d.status = 'pending' AND (d.lease IS NULL OR d.next_attempt_at <= now())
  AND NOT ({ALIVE})
"""  # noqa: S608 - a fixed text
CLAIM = f"""
WITH endpoint AS MATERIALIZED (
    SELECT w.id, w.is_active, w.cleared_url = w.url AS is_cleared,
           CASE WHEN w.failing_since IS NULL THEN %(most_each)s ELSE %(most_failing)s END - (
        SELECT count(*) FROM webhook_deliveries AS d
        WHERE d.webhook_id = w.id AND d.lease IS NOT NULL AND d.status = 'pending' AND d.next_attempt_at > now()
    ) AS places
    FROM webhooks AS w LEFT JOIN clients AS c ON c.id = w.client_id
    WHERE w.deleted_at IS NULL AND (w.client_id IS NULL OR ({ALIVE}))
), due AS (
    SELECT picked.id
    FROM (SELECT * FROM endpoint WHERE places > 0 ORDER BY random()) AS e
    CROSS JOIN LATERAL (
        SELECT d.id FROM webhook_deliveries AS d
        WHERE d.webhook_id = e.id AND d.status = 'pending' AND d.next_attempt_at <= now()
          AND (e.is_active OR d.event_type = 'ping')
          AND (e.is_cleared OR NOT {_RESTRICTED})
        ORDER BY d.next_attempt_at LIMIT e.places FOR UPDATE SKIP LOCKED
    ) AS picked
    LIMIT %(most)s
)
UPDATE webhook_deliveries AS d
SET lease = %(lease)s, next_attempt_at = now() + %(seconds)s * interval '1 second'
FROM due, webhooks AS w
WHERE d.id = due.id AND w.id = d.webhook_id
RETURNING d.id, d.lease, d.webhook_id, w.url, d.body, d.attempts, w.retry_policy, w.timeout_seconds, w.secret,
          CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END
"""  # noqa: S608 - a fixed text
RECORD = """
UPDATE webhook_deliveries AS d
SET status = r.status, attempts = d.attempts + 1, lease = NULL,
    next_attempt_at = now() + r.delay * interval '1 second',
    delivered_at = CASE WHEN r.status = 'delivered' THEN now() END,
    response_status = r.response_status, response_body = r.response_body, error = r.error
FROM unnest(
    %(ids)s::uuid[], %(leases)s::uuid[], %(statuses)s::text[], %(delays)s::float8[], %(answers)s::int[],
    %(bodies)s::text[], %(errors)s::text[]
) AS r (id, lease, status, delay, response_status, response_body, error)
WHERE d.id = r.id AND d.status = 'pending' AND (d.lease = r.lease OR r.status = 'delivered')
"""
# In the order of their ids, so that two senders wait for each other and never both at once.
LOCK = "SELECT FROM webhooks WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# An endpoint that was switched off by itself and on again by hand starts afresh.
COUNT = """
UPDATE webhooks AS w
SET success_count = w.success_count + r.arrived, failure_count = w.failure_count + r.failed, last_triggered = now(),
    last_error = r.error,
    failing_since = CASE
        WHEN r.error IS NULL THEN NULL
        WHEN r.arrived > 0 OR (w.is_active AND w.disabled_reason IS NOT NULL) THEN now()
        ELSE coalesce(w.failing_since, now())
    END,
    disabled_reason = CASE WHEN NOT w.is_active THEN w.disabled_reason END
FROM unnest(%(ids)s::uuid[], %(arrived)s::int[], %(failed)s::int[], %(errors)s::text[])
    AS r (id, arrived, failed, error)
WHERE w.id = r.id
RETURNING w.id, w.is_active AND coalesce(w.failing_since <= now() - %(days)s * interval '1 day', false)
"""


@dataclass(frozen=True)
class Message:
    """A delivery that this process may attempt now, with all that it takes."""

    id: UUID
    lease: UUID
    webhook_id: UUID
    url: str
    body: bytes = field(repr=False)
    attempts: int
    retry_policy: dict[str, Any]
    timeout_seconds: int
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. `delay_seconds` is the time to the next one, None where there is none."""

    message: Message
    error: str | None
    delay_seconds: float | None = None
    response_status: int | None = None
    response_body: str | None = None
    is_gone: bool = False

    @property
    def status(self) -> DeliveryStatus:
        """Where the delivery stands after it."""
        if self.error is None:
            return DeliveryStatus.DELIVERED
        return DeliveryStatus.FAILED if self.delay_seconds is None else DeliveryStatus.PENDING


def claim(most: int) -> list[Message]:
    """Return deliveries that are due, now leased to the caller: at most so many, of each endpoint few, in no order."""
    values: dict[str, Any] = {
        "most": most, "most_each": MOST_AN_ENDPOINT, "most_failing": MOST_A_FAILING_ENDPOINT, "lease": uuid.uuid4(),
        "seconds": LEASE_SECONDS,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as db:
        # A claim that a crash of the database forgets is made again.
        db.execute("SET LOCAL synchronous_commit = off")
        db.execute(CLAIM, values)
        return [_message(row) for row in db.fetchall()]


def withhold() -> int:
    """Fail what waits and may not go out any more, with the reason, and return how many deliveries that were.

    Once a job is enough: what comes onto the list meanwhile, or whose client's key dies, is not claimed.
    """
    with connection.cursor() as db:
        db.execute(WITHHOLD, {"withheld": WITHHELD})
        withheld = int(db.rowcount)
    return withheld + cancel_for_the_dead()


def cancel_for_the_dead() -> int:
    """Fail what waits for the endpoints of clients whose key is dead, and return how many deliveries that were."""
    with connection.cursor() as db:
        db.execute(CANCEL, {"cancelled": CANCELLED})
        return int(db.rowcount)


def _message(row: Sequence[Any]) -> Message:
    *plain, secret, previous = row
    key, lease, webhook_id, url, body, attempts, policy, seconds = plain
    held = tuple(found for token in (secret, previous) if token and (found := _decrypted(token)))
    return Message(key, lease, webhook_id, url, bytes(body), attempts, json.loads(policy), seconds, held)


@lru_cache(maxsize=1024)
def _decrypted(token: str) -> str:
    """Return the secret, empty where no configured key fits."""
    try:
        return cipher().decrypt(token.encode()).decode()
    except InvalidToken:
        return ""


def record(outcomes: Sequence[Outcome]) -> None:
    """Write what became of attempts, and of their endpoints: counted, and switched off where they are gone for good.

    An outcome whose lease has run out counts only if it is that the event arrived.
    """
    with transaction.atomic(), connection.cursor() as db:
        by_endpoint: dict[UUID, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            by_endpoint[outcome.message.webhook_id].append(outcome)
        db.execute(LOCK, [list(by_endpoint)])
        db.execute(RECORD, {
            "ids": [outcome.message.id for outcome in outcomes],
            "leases": [outcome.message.lease for outcome in outcomes],
            "statuses": [outcome.status.value for outcome in outcomes],
            "delays": [outcome.delay_seconds for outcome in outcomes],
            "answers": [outcome.response_status for outcome in outcomes],
            "bodies": [_kept(outcome.response_body) for outcome in outcomes],
            "errors": [_kept(outcome.error) for outcome in outcomes],
        })  # fmt: skip
        groups = list(by_endpoint.values())
        db.execute(COUNT, {
            "ids": list(by_endpoint),
            "arrived": [sum(outcome.error is None for outcome in group) for group in groups],
            "failed": [sum(outcome.error is not None for outcome in group) for group in groups],
            "errors": [_kept(group[-1].error) for group in groups],
            "days": DAYS_OF_FAILURE,
        })  # fmt: skip
        worn_out = [key for key, is_worn_out in db.fetchall() if is_worn_out]
        for key in sorted({outcome.message.webhook_id for outcome in outcomes if outcome.is_gone}):
            switch_off(key, "It answered 410 Gone: nobody listens there any more.")
        for key in worn_out:
            switch_off(key, f"Nothing has arrived for {DAYS_OF_FAILURE} days.")


def _kept(text: str | None) -> str | None:
    return None if text is None else text.replace("\x00", "")[:KEPT_CHARACTERS]


def give_back(messages: Sequence[Message]) -> None:
    """Make leased deliveries due at once: for a sender that must end before it knows what became of them."""
    with connection.cursor() as db:
        db.execute(
            "UPDATE webhook_deliveries AS d SET lease = NULL, next_attempt_at = now() "
            "FROM unnest(%s::uuid[], %s::uuid[]) AS r (id, lease) WHERE d.id = r.id AND d.lease = r.lease",
            [[message.id for message in messages], [message.lease for message in messages]],
        )


def switch_off(webhook_id: UUID, reason: str) -> bool:
    """Switch the endpoint off and have people told why, once; what waits for it waits on. Return whether it was on."""
    with recorded("switch webhook off", reason=reason):
        rows = Webhook.all_objects.filter(pk=webhook_id, is_active=True)
        was_on = bool(rows.update(is_active=False, disabled_reason=reason))
        if was_on:
            tell_people(webhook_id, reason)
    return was_on
