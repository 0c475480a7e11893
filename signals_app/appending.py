"""Many signals at once: staged by COPY, held against the table's own rules set-wise, inserted by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import BaseConstraint

from biotech_ma.core.news import tell
from biotech_ma.core.services import Refused, recorded
from signals_app.catalogue import CATALOGUE
from signals_app.entries import note_entries
from signals_app.models import Signal
from signals_app.offers import OFFER_TYPES, refresh_offers
from signals_app.services import SIGNALS, correction_of, default_impact

_COLUMNS = (
    "company_id", "signal_type", "event_date", "available_at", "supersedes_id", "severity", "confidence", "title",
    "description", "source", "source_id", "source_url", "signal_data", "ma_impact_score",
)  # fmt: skip
_TYPES = (
    "int4", "uuid", "text", "timestamptz", "timestamptz", "uuid", "text", "numeric", "text", "text", "text", "text",
    "text", "jsonb", "numeric",
)  # fmt: skip
_STAGE = """
DROP TABLE IF EXISTS stage_appended;
CREATE TEMPORARY TABLE stage_appended (place integer, LIKE signals INCLUDING DEFAULTS) ON COMMIT DROP
"""
_COPY = f"COPY stage_appended (place, {', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_CHECKS = """
SELECT conname, pg_get_expr(conbin, conrelid) FROM pg_constraint
WHERE conrelid = 'signals'::regclass AND contype = 'c' ORDER BY conname
"""
_TAKEN = """
SELECT place FROM stage_appended AS s WHERE EXISTS (
    SELECT FROM signals WHERE (signals.source, signals.source_id) = (s.source, s.source_id))
"""
# In the order of the request, so that the keys are, too.
_INSERT = f"""
WITH written AS (
    INSERT INTO signals (id, {", ".join(_COLUMNS)})
    SELECT id, {", ".join(_COLUMNS)} FROM stage_appended WHERE place = ANY(%s) ORDER BY place
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT place, id FROM stage_appended JOIN written USING (id)
"""  # noqa: S608  (constants only)


@dataclass
class Fate:
    """What became of one signal: its id, or the constraints that it breaks, or why it was refused."""

    id: UUID | None = None
    broken: list[BaseConstraint] = field(default_factory=list)
    refusal: Refused | ValidationError | None = None


def append_signals(rows: Sequence[Mapping[str, Any]]) -> list[Fate]:
    """Append signals as `record_signal` does each, corrections (`supersedes`) as `correct_signal`; return each's fate.

    A row is what those take, already cleaned field by field. One that fails leaves the others as they are, and is not
    there for later ones. News is told once.
    """
    fates = [Fate() for _ in rows]
    with recorded("append signals"), connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        batch = _Batch(rows, fates, now=cursor.fetchone()[0])
        batch.stage(cursor)
        batch.judge(cursor)
        batch.write(cursor)
    return fates


class _Batch:
    """The signals on their way into the ledger, each by its place in the request."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], fates: list[Fate], *, now: dt.datetime) -> None:
        self.fates = fates
        self.old = _superseded(rows)
        self.newer = {row.supersedes_id for row in Signal.objects.filter(supersedes__in=self.old).only("supersedes_id")}
        self.signals: dict[int, Signal] = {}
        self.late: dict[int, Refused | ValidationError] = {}
        for place, row in enumerate(rows):
            self._take(place, dict(row), now)

    def _take(self, place: int, values: dict[str, Any], now: dt.datetime) -> None:
        available_at, superseded = values.pop("available_at", None), values.pop("supersedes", None)
        if superseded is None:
            kind = CATALOGUE[values["signal_type"]]
            values = {"severity": kind.severity, "ma_impact_score": default_impact(kind.identifier), **values}
            self.signals[place] = Signal(**values, available_at=available_at or now)
            return
        try:
            signal, available_at = correction_of(self.old[superseded.pk], values, available_at, now=now)
        except (Refused, ValidationError) as refusal:
            # The constraints have the first word, as they have for a single signal.
            self.late[place] = refusal
            signal = Signal(**values, supersedes=superseded)
        signal.available_at = available_at or now
        self.signals[place] = signal

    def stage(self, cursor: Any) -> None:
        """Bring the rows to the server."""
        cursor.execute(_STAGE)
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for place, signal in self.signals.items():
                copy.write_row((place, *(getattr(signal, column) for column in _COLUMNS)))

    def judge(self, cursor: Any) -> None:
        """Note which rows break a rule: the table's checks, a key that is taken, there or earlier in the request."""
        constraints = {constraint.name: constraint for constraint in Signal._meta.constraints}
        for place, name in _failed_checks(cursor):
            self.fates[place].broken.append(constraints[name])
        cursor.execute(_TAKEN)
        taken = {row[0] for row in cursor.fetchall()}
        keys: set[tuple[str, str]] = set()
        for place, signal in self.signals.items():
            fate = self.fates[place]
            key = (signal.source, signal.source_id) if signal.source_id is not None else None
            if place in taken or key in keys:
                fate.broken.append(constraints["signals_source_uniq"])
            if signal.supersedes_id in self.newer:
                fate.broken.append(constraints["signals_supersedes_uniq"])
            if fate.broken:
                continue
            fate.refusal = self.late.get(place)
            if fate.refusal is None:
                keys |= {key} if key else set()
                self.newer |= {signal.supersedes_id} if signal.supersedes_id else set()

    def write(self, cursor: Any) -> None:
        """Insert the rows that may stand. One whose key somebody else takes at this moment is refused."""
        good = [place for place in self.signals if not self.fates[place].broken and not self.fates[place].refusal]
        cursor.execute(_INSERT, [good])
        written = dict(cursor.fetchall())
        for place in good:
            self.fates[place].id = written.get(place)
            if place not in written:
                words = "This source has already delivered a signal with this source id."
                self.fates[place].refusal = Refused(words, field="source_id")
        if written:
            note_entries(signals=written.values())
            tell(SIGNALS)
            if concerned := _under_offer(self.signals[place] for place in written):
                refresh_offers(concerned)


def _superseded(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, Signal]:
    """Return the signals that are to be corrected, locked in the order of their keys."""
    ids = {row["supersedes"].pk for row in rows if row.get("supersedes") is not None}
    found = Signal.objects.select_for_update(of=("self",)).select_related("company").filter(pk__in=ids).order_by("pk")
    return {signal.pk: signal for signal in found} if ids else {}


def _failed_checks(cursor: Any) -> list[tuple[int, str]]:
    """Return place and name of every check of the ledger that a staged row fails."""
    cursor.execute(_CHECKS)
    checks = cursor.fetchall()
    failed = ", ".join(f"CASE WHEN NOT ({condition}) THEN '{name}' END" for name, condition in checks)
    cursor.execute(
        f"SELECT place, name FROM stage_appended, unnest(ARRAY[{failed}]) AS name "  # noqa: S608
        "WHERE name IS NOT NULL ORDER BY place, name"
    )
    return [(place, name) for place, name in cursor.fetchall()]


def _under_offer(signals: Iterable[Signal]) -> list[UUID]:
    """Return the companies whose offers the signals may have begun, ended or corrected."""
    return list({
        signal.company_id
        for signal in signals
        if {signal.signal_type, signal.supersedes.signal_type if signal.supersedes else ""} & set(OFFER_TYPES)
    })  # fmt: skip
