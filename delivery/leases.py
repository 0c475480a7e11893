"""The hourly limit of each key, exact over any number of workers and cheap in each: calls are leased in blocks.

A worker takes a block of the hour's calls from the key's one row of `client_usage` and spends it from memory. Blocks
are as large as the key's own pace and never more than a sixteenth of what is left, so that near the limit each call is
asked for by itself. What a worker leaves unspent it gives back when it asks again, or within a second when it falls
silent.

The same statement tells who holds the key. It is asked again after half a second at the latest: a key that was revoked,
or whose limit was changed, is so on every worker within a second.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection

FRESH_SECONDS = 0.5
MOST_CALLS_A_LEASE = 256
MOST_KEYS = 10_000
# Seconds after which the keeper gives unspent calls back; with its own period, within a second.
IDLE_SECONDS = 0.6
KEEPER_SECONDS = 0.3

# One round trip. The lease is what is wanted, at most a sixteenth (rounded up) of what the hour has left once the
# unspent calls of the last lease are back; nothing when the hour is spent. A call must not wait for the disk: this
# statement commits asynchronously, so that a crash of the server costs less than a second's counts.
LEASE = """
WITH quiet AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true) AS is_off
), caller AS (
    SELECT c.id, c.client_name, c.scopes, c.allowed_endpoints, c.rate_limit_per_hour AS quota, c.last_access,
           CASE WHEN c.api_key = %(digest)s THEN c.key_prefix ELSE c.previous_key_prefix END AS prefix,
           date_trunc('hour', statement_timestamp(), 'UTC') AS hour
    FROM clients AS c, quiet
    WHERE (c.api_key = %(digest)s OR (c.previous_api_key = %(digest)s AND c.previous_key_until > statement_timestamp()))
      AND c.deleted_at IS NULL AND c.is_active AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
), leased AS (
    INSERT INTO client_usage AS u (client_id, hour, requests, last_lease)
    SELECT id, hour, least(%(wanted)s, (quota + 15) / 16), least(%(wanted)s, (quota + 15) / 16) FROM caller
    ON CONFLICT (client_id, hour) DO UPDATE SET (requests, last_lease) = (
        SELECT spent + lease, lease FROM (
            SELECT spent, least(%(wanted)s, greatest(0, (caller.quota - spent + 15) / 16)) AS lease
            FROM caller,
                 LATERAL (SELECT u.requests - CASE WHEN u.hour = %(hour)s THEN %(unspent)s ELSE 0 END) AS s (spent)
        ) AS block
    )
    RETURNING requests, last_lease
)
SELECT id, client_name, prefix, scopes::json, allowed_endpoints::json, quota, hour, requests, last_lease,
       coalesce(last_access < statement_timestamp() - interval '1 minute', true)
FROM caller, leased
"""
GIVE_BACK = "UPDATE client_usage SET requests = requests - %s WHERE client_id = %s AND hour = %s AND requests >= %s"
# Brings the client's own counters up to date: once a minute at most, so that a busy client's row stays quiet.
RECORD = """
WITH due AS (
    SELECT hour, requests, requests - recorded AS new FROM client_usage
    WHERE client_id = %s AND requests > recorded FOR UPDATE
), marked AS (
    UPDATE client_usage AS u SET recorded = due.requests FROM due WHERE u.client_id = %s AND u.hour = due.hour
)
UPDATE clients SET last_access = statement_timestamp(),
       request_count = request_count + (SELECT coalesce(sum(new), 0) FROM due)
WHERE id = %s
"""
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key and what it may do."""

    id: UUID
    name: str
    key_prefix: str
    scopes: frozenset[str]
    allowed_endpoints: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call with a key: its holder, whether the hour had a call left for it, and how many are left at least."""

    holder: Holder
    is_admitted: bool
    left: int
    reset_seconds: int


@dataclass(slots=True)
class _Lease:
    """What this process knows of a key and holds of its hour. `hour` is None until the first answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    holder: Holder | None = None
    hour: dt.datetime | None = None
    spent: int = 0
    unspent: int = 0
    taken: int = 0
    asked_at: float = float("-inf")


class Leases:
    """The leases of this process, one a key."""

    def __init__(self, fresh_seconds: float = FRESH_SECONDS) -> None:
        self.fresh_seconds = fresh_seconds
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._lock = threading.Lock()

    def call(self, digest: str) -> Call | None:
        """Count a call with the key of this digest and return what became of it; None where no live client has it."""
        lease = self._lease_of(digest)
        with lease.lock:
            now = dt.datetime.now(dt.UTC)
            if self._is_stale(lease, now) or not (lease.unspent or self._is_refused(lease)):
                self._ask(lease, digest)
            if lease.holder is None or lease.hour is None:
                self.forget(digest)
                return None
            is_admitted = lease.unspent > 0
            if is_admitted:
                lease.unspent -= 1
                lease.taken += 1
            left = max(0, lease.holder.limit - lease.spent + lease.unspent)
            reset = max(1, -(-(lease.hour + HOUR - now) // dt.timedelta(seconds=1)))
            return Call(lease.holder, is_admitted, left, reset)

    def forget(self, digest: str) -> None:
        """Know nothing of a key any more, in this process."""
        with self._lock:
            self._leases.pop(digest, None)

    def give_back_idle(self, idle_seconds: float = IDLE_SECONDS) -> int:
        """Give back what keys hold that have been silent so long; return how many calls."""
        with self._lock:
            held = list(self._leases.values())
        return sum(self._give_back(lease, idle_seconds) for lease in held if lease.unspent)

    def _give_back(self, lease: _Lease, idle_seconds: float) -> int:
        with lease.lock:
            unspent = lease.unspent
            if not unspent or lease.holder is None or time.monotonic() - lease.asked_at < idle_seconds:
                return 0
            with connection.cursor() as cursor:
                cursor.execute(GIVE_BACK, [unspent, lease.holder.id, lease.hour, unspent])
            lease.unspent, lease.asked_at = 0, float("-inf")
            return unspent

    def _lease_of(self, digest: str) -> _Lease:
        with self._lock:
            lease = self._leases.setdefault(digest, _Lease())
            self._leases.move_to_end(digest)
            if len(self._leases) > MOST_KEYS:
                # What it holds, if anything, counts as spent: the limit is never exceeded.
                self._leases.popitem(last=False)
            return lease

    def _is_stale(self, lease: _Lease, now: dt.datetime) -> bool:
        is_old = time.monotonic() - lease.asked_at >= self.fresh_seconds
        return is_old or lease.hour is None or not lease.hour <= now < lease.hour + HOUR

    def _is_refused(self, lease: _Lease) -> bool:
        """Return whether the last answer was that the hour is spent; so it stays until the answer is stale."""
        return lease.holder is not None and lease.spent >= lease.holder.limit

    def _ask(self, lease: _Lease, digest: str) -> None:
        """Give the unspent calls back and lease anew, as many as were taken since the last time, twice if used up."""
        pace = lease.taken * (1 if lease.unspent else 2) if self.fresh_seconds else 1
        with connection.cursor() as cursor:
            cursor.execute(
                LEASE,
                {
                    "digest": digest,
                    "wanted": min(MOST_CALLS_A_LEASE, max(1, pace)),
                    "hour": lease.hour,
                    "unspent": lease.unspent,
                },
            )
            row = cursor.fetchone()
            lease.asked_at, lease.taken = time.monotonic(), 0
            if row is None:
                lease.holder, lease.hour, lease.unspent = None, None, 0
                return
            self._note(lease, row)
            if row[-1] and lease.holder is not None:
                cursor.execute(RECORD, [lease.holder.id] * 3)

    def _note(self, lease: _Lease, row: tuple[Any, ...]) -> None:
        key_id, name, prefix, scopes, endpoints, quota, hour, requests, granted, _ = row
        lease.holder = Holder(key_id, name, prefix, frozenset(scopes), tuple(endpoints), quota)
        lease.hour, lease.spent, lease.unspent = hour, requests, granted


LEASES = Leases()


def keep() -> None:
    """Give back what silent keys hold, for as long as this process serves: call it once in each worker."""

    def run() -> None:
        while True:
            time.sleep(KEEPER_SECONDS)
            try:
                if LEASES.give_back_idle() == 0:
                    connection.close()
            except DatabaseError:
                connection.close()

    threading.Thread(target=run, name="lease keeper", daemon=True).start()
