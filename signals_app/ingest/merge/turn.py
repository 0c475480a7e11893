"""One ingest at a time: two that create the same companies would fail on each other's keys."""

from __future__ import annotations

from django.db import connection

# Any constant will do, as long as nothing else locks it.
INGEST_LOCK = 7_205_114_001


def take_turn() -> None:
    """Wait for other ingests to end, and hold the turn until this transaction does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [INGEST_LOCK])
