"""At most so many requests a second to a host, counted in PostgreSQL: exact over every process and machine."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, models, transaction

# Slots are evenly spaced, so late starts alone can crowd them: one missed by half a space is given back unused.
LATEST_START = 0.5
# Under this share of the limit, the slots of a second leave room for what the network delays.
SAFE_SHARE = 0.9

# The row's lock makes takers queue; greatest() keeps an idle host from saving up slots.
_TAKE = """
INSERT INTO request_slots AS s (host, next_at) VALUES (%(host)s, clock_timestamp() + %(space)s * interval '1 second')
ON CONFLICT (host) DO UPDATE
SET next_at = greatest(s.next_at, clock_timestamp()) + %(space)s * interval '1 second'
RETURNING extract(epoch FROM next_at - %(space)s * interval '1 second' - clock_timestamp())::float8
"""


_HOLD = """
INSERT INTO request_slots AS s (host, next_at) VALUES (%(host)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (host) DO UPDATE SET next_at = greatest(s.next_at, excluded.next_at)
"""


class RequestSlot(models.Model):
    """A host, and from when on the next request may start."""

    host = models.CharField(
        max_length=255, primary_key=True, db_comment="Registrable domain: all of its machines share one limit."
    )
    next_at = models.DateTimeField(db_comment="From when on the next request may start, by the server's clock.")

    class Meta:
        app_label = "core"
        db_table = "request_slots"
        db_table_comment = "Rate limits towards other hosts, shared by all processes and machines."

    def __str__(self) -> str:
        return self.host


def wait_for_slot(host: str, per_second: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return when a request to the host may start; no more than `per_second` start in any second, whoever asks.

    Waits outside the transaction. Raises RuntimeError inside one, which would hold all others up until it ends.
    """
    space = 1 / (per_second * SAFE_SHARE)
    while True:
        wait_seconds = max(_take(host, space), 0.0)
        begins = time.monotonic() + wait_seconds
        sleep(wait_seconds)
        if time.monotonic() - begins < space * LATEST_START:
            return


def hold_back(host: str, seconds: float) -> None:
    """Let no request to the host start for so long, whoever asks: it has asked one of us to wait."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_HOLD, {"host": host, "seconds": seconds})


def _take(host: str, space: float) -> float:
    """Take the host's next slot and return in how many seconds it begins; 0 or less is now."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, {"host": host, "space": space})
        return float(cursor.fetchone()[0])
