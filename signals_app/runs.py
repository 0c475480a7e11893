"""The log of the runs: one row for each, written outside the run's own transaction, so that failures stay on record."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.reach import Reach, measured
from signals_app.review_models import IngestRun

logger = logging.getLogger(__name__)

LONGEST_ERROR = 2000
# A run holds an advisory lock of this class while it lives: PostgreSQL lets go of it when the process dies.
LIVES = 720_512
_LIVING = """
SELECT id FROM ingest_runs AS run WHERE finished_at IS NULL AND EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = %s
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND objid = (hashtext(run.id::text)::bigint & 4294967295)::oid
)
"""


@dataclass
class Record:
    """A run that is under way: what it has come to is filled in by whoever runs it."""

    row: IngestRun
    outcome: Outcome | None = None
    reach: Reach = field(default_factory=Reach)


@contextmanager
def recorded_run(source: str, request: Request, *, live: bool = False, replay: bool = False) -> Iterator[Record]:
    """Log the run in the block: begun now, ended with the outcome that it fills in, or with the error that it raises.

    Must stand outside every transaction: what is rolled back would take the row along. A killed run has no end and is
    not among `living_runs`.
    """
    asked: dict[str, Any] = {
        name: True for name, is_so in (("live", live), ("replay", replay), ("dry_run", request.dry_run)) if is_so
    }
    if request.since:
        asked["since"] = request.since.isoformat()
    if request.companies:
        asked["companies"] = sorted(request.companies)
    row = IngestRun(source=source, request=asked, paths=[path.name for path in request.paths], started_at=Now())
    row.save()
    error = ""
    _hold("pg_advisory_lock", row.pk)
    record = Record(row)
    try:
        with measured() as record.reach:
            yield record
    except BaseException as failure:
        error = " ".join(str(failure).split())[:LONGEST_ERROR] or type(failure).__name__
        raise
    finally:
        _close(record, str(_storable(error)))


def living_runs() -> list[UUID]:
    """Return the runs without an end whose process is there; the others without an end have died."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVING, [LIVES])
        return [key for (key,) in cursor.fetchall()]


def _hold(verb: str, key: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {verb}(%s, hashtext(%s))", [LIVES, str(key)])


def _close(record: Record, error: str) -> None:
    try:
        _write_end(record, error)
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        # The run's connection may be what broke.
        connection.close()
        try:
            _write_end(record, error)
        except DatabaseError:
            logger.warning("the end of the run of %s could not be noted", record.row.source)


def _write_end(record: Record, error: str) -> None:
    found = record.outcome.to_json() if record.outcome else {}
    names = ("read", "created", "updated", "unchanged", "skipped", "rejected")
    IngestRun.objects.filter(pk=record.row.pk).update(
        finished_at=Now(),
        counts={name: found[name] for name in names if name in found},
        rejects=_storable(found.get("rejects", [])),
        error=error,
        data_until=None if error or record.row.request.get("dry_run") else record.reach.until,
    )
    # A connection that is used again must not keep it. On a new one it is gone already, which PostgreSQL only remarks.
    _hold("pg_advisory_unlock", record.row.pk)


def _storable(value: Any) -> Any:
    """Return the value without the characters that jsonb cannot hold: a faulty file's words may carry any."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value
