"""Writes the ledger: rows are copied into a temporary table and inserted set-wise; what is there already stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from biotech_ma.core.news import tell
from signals_app.catalogue import CATALOGUE
from signals_app.ingest.merge.turn import take_turn
from signals_app.ingest.reach import reached
from signals_app.offers import OFFER_TYPES, refresh_offers
from signals_app.services import SIGNALS, default_impact

# Rows beyond this make the planner's statistics wrong enough to matter.
ANALYZE_ABOVE_ROWS = 10_000
SNAPSHOT = "financial_snapshot"


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """An event of a company, as a source states it. `severity` None: the catalogue's."""

    company_id: UUID
    signal_type: str
    event_date: datetime
    available_at: datetime
    title: str
    source: str
    source_id: str
    source_url: str | None
    signal_data: dict[str, Any]
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class FactRecord:
    """A reported figure of a company, with the filing that states it."""

    company_id: UUID
    cik: str
    concept: str
    period_start: date | None
    period_end: date
    value: Decimal
    unit: str | None
    form: str
    accession: str
    filed: date
    available_at: datetime


@dataclass(frozen=True)
class Written:
    """How many rows were staged and how many of them are new."""

    staged: int
    created: int

    @property
    def unchanged(self) -> int:
        """Rows that the ledger held already, or that stood twice in the source."""
        return self.staged - self.created


_SIGNAL_COLUMNS = (
    "company_id, signal_type, event_date, available_at, severity, title, source, source_id, source_url, signal_data, "
    "ma_impact_score"
)
_SIGNAL_TYPES = (
    "uuid", "text", "timestamptz", "timestamptz", "text", "text", "text", "text", "text", "jsonb", "numeric",
)  # fmt: skip
_STAGE_SIGNALS = """
DROP TABLE IF EXISTS stage_signals;
CREATE TEMPORARY TABLE stage_signals (
    company_id uuid, signal_type text, event_date timestamptz, available_at timestamptz, severity text, title text,
    source text, source_id text, source_url text, signal_data jsonb, ma_impact_score numeric
) ON COMMIT DROP
"""
_INSERT_SIGNALS = f"""
INSERT INTO signals ({_SIGNAL_COLUMNS}) SELECT {_SIGNAL_COLUMNS} FROM stage_signals
ON CONFLICT (source, source_id) DO NOTHING
"""  # noqa: S608  (constants only)
_STAGE_FACTS = """
DROP TABLE IF EXISTS stage_facts, stage_filings;
CREATE TEMPORARY TABLE stage_facts (
    filing integer, concept text, period_start date, period_end date, value numeric(24, 4), unit text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_filings (
    filing integer, company_id uuid, cik text, accession text, form text, filed date, available_at timestamptz,
    period_end date
) ON COMMIT DROP
"""
_FACT_TYPES = ("int4", "text", "date", "date", "numeric", "text")
_FILING_TYPES = ("int4", "uuid", "text", "text", "text", "date", "timestamptz", "date")
# One signal a filing and company; the facts of the filing refer to it.
_INSERT_SNAPSHOTS = """
INSERT INTO signals
    (company_id, signal_type, event_date, available_at, severity, title, source, source_id, source_url, signal_data)
SELECT company_id, %(type)s, min(available_at), min(available_at), %(severity)s,
       min(form) || ' with figures to ' || max(period_end), 'edgar', accession || ':' || cik || ':' || %(type)s,
       'https://www.sec.gov/Archives/edgar/data/' || ltrim(cik, '0') || '/' || replace(accession, '-', '') || '/',
       jsonb_build_object('accession', accession, 'form', min(form), 'filed', min(filed),
                          'period_end', max(period_end))
FROM stage_filings GROUP BY company_id, cik, accession
ON CONFLICT (source, source_id) DO NOTHING
"""
# A figure is known when its filing was: so one that two sources deliver, by day and by minute, is the same row.
# What is there or stands twice is sorted out set-wise, by the columns of financial_facts_uniq: ON CONFLICT would ask
# both unique indexes before each row. The turn keeps other writers of filings' figures out meanwhile, and the order
# that DISTINCT gives is the index's own.
_INSERT_FACTS = """
WITH filings AS MATERIALIZED (
    SELECT stated.filing, stated.company_id, stated.accession, stated.form, signals.id, signals.available_at
    FROM stage_filings AS stated
    JOIN signals ON signals.source = 'edgar'
        AND signals.source_id = stated.accession || ':' || stated.cik || ':' || %(type)s
)
INSERT INTO financial_facts
    (company_id, signal_id, concept, period_start, period_end, value, unit, form, accession, available_at, source)
SELECT DISTINCT ON (filings.company_id, concept, period_start, period_end, accession, value, available_at)
       filings.company_id, filings.id, concept, period_start, period_end, value, unit, form, accession, available_at,
       %(source)s
FROM stage_facts JOIN filings USING (filing)
WHERE NOT EXISTS (
    SELECT FROM financial_facts AS held
    WHERE (held.company_id, held.concept, held.period_end, held.accession, held.value, held.available_at)
            = (filings.company_id, stage_facts.concept, stage_facts.period_end, filings.accession, stage_facts.value,
               filings.available_at)
        AND held.period_start IS NOT DISTINCT FROM stage_facts.period_start
        AND (held.source = 'starter') = (%(source)s = 'starter')
        AND held.company_id = ANY(ARRAY(SELECT DISTINCT company_id FROM stage_filings))
)
ORDER BY filings.company_id, concept, period_start, period_end, accession, value, available_at, unit = 'USD' DESC
"""
_NEWEST_SIGNAL = "SELECT max(available_at) FROM stage_signals WHERE available_at <= now()"
_NEWEST_FILING = "SELECT max(available_at) FROM stage_filings WHERE available_at <= now()"


def merge_signals(records: Iterable[SignalRecord]) -> Written:
    """Insert the events that are new by source and source id."""
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_SIGNALS)
        staged = _copy(cursor, f"stage_signals ({_SIGNAL_COLUMNS})", _SIGNAL_TYPES, map(_signal_row, records))
        _note_reach(cursor, _NEWEST_SIGNAL)
        cursor.execute(_INSERT_SIGNALS)
        written = _written(cursor, staged, "signals")
        if written.created:
            tell(SIGNALS)
            cursor.execute(
                "SELECT DISTINCT company_id FROM stage_signals WHERE signal_type = ANY(%s)", [list(OFFER_TYPES)]
            )
            if concerned := [row[0] for row in cursor.fetchall()]:
                refresh_offers(concerned)
        return written


def _signal_row(record: SignalRecord) -> tuple[Any, ...]:
    kind = CATALOGUE[record.signal_type]
    return (
        record.company_id,
        record.signal_type,
        record.event_date,
        record.available_at,
        record.severity or kind.severity,
        record.title,
        record.source,
        record.source_id,
        record.source_url,
        record.signal_data,
        default_impact(record.signal_type),
    )


def merge_facts(records: Iterable[FactRecord], *, source: str) -> Written:
    """Insert the figures that are new, with a `financial_snapshot` signal for each filing that is."""
    take_turn()
    filings = _Filings()
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_FACTS)
        staged = _copy(cursor, "stage_facts", _FACT_TYPES, map(filings.row, records))
        _copy(cursor, "stage_filings", _FILING_TYPES, filings.rows())
        cursor.execute("ANALYZE stage_filings; ANALYZE stage_facts (filing, concept)")
        _note_reach(cursor, _NEWEST_FILING)
        cursor.execute(_INSERT_SNAPSHOTS, {"type": SNAPSHOT, "severity": CATALOGUE[SNAPSHOT].severity})
        if cursor.rowcount:
            tell(SIGNALS)
        cursor.execute(_INSERT_FACTS, {"type": SNAPSHOT, "source": source})
        return _written(cursor, staged, "financial_facts")


class _Filings:
    """Numbers the filings on the way through their figures: what a filing says of all of them is staged once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._last_days: list[date] = []
        self._said: tuple[Any, ...] = ()
        self._number = 0

    def row(self, record: FactRecord) -> tuple[Any, ...]:
        """Return the figure as it is staged. Those of one filing mostly follow each other."""
        said = (record.accession, record.cik, record.company_id, record.form, record.filed, record.available_at)
        if said != self._said:
            self._said, self._number = said, self._numbers.setdefault(said, len(self._numbers))
            if self._number == len(self._last_days):
                self._last_days.append(record.period_end)
        if record.period_end > self._last_days[self._number]:
            self._last_days[self._number] = record.period_end
        return self._number, record.concept, record.period_start, record.period_end, record.value, record.unit

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """Yield the filings as they are staged, each with the last day that its figures speak of."""
        for (accession, cik, company_id, form, filed, available_at), number in self._numbers.items():
            yield number, company_id, cik, accession, form, filed, available_at, self._last_days[number]


def _copy(cursor: CursorWrapper, target: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Fill a stage and return the number of rows. Binary: neither side prints and parses days and numbers."""
    staged = 0
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
            staged += 1
    return staged


def _note_reach(cursor: CursorWrapper, newest: str) -> None:
    cursor.execute(newest)
    reached(cursor.fetchone()[0])


def _written(cursor: CursorWrapper, staged: int, table: str) -> Written:
    created = cursor.rowcount
    if created > ANALYZE_ABOVE_ROWS:
        cursor.execute(f"ANALYZE {table}")
    return Written(staged, created)
