"""Loads events files: a signal for each row of a company in the universe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.csv_rows import rows
from signals_app.ingest.delimited import Row
from signals_app.ingest.directory import Directory, Unclear
from signals_app.ingest.events.parse import NEEDED, EventRow, parse
from signals_app.ingest.files import Document
from signals_app.ingest.frame import count, one_run, readable
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals

SOURCE = "events"


def run(request: Request, progress: Progress) -> Outcome:
    """Read events files and append what is new.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    with one_run(SOURCE, request) as outcome:
        directory = Directory.load()
        for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(".csv")):
            count(outcome, merge_signals(_records(document, request, outcome, directory, timezone.now())))
    return outcome


def _records(
    document: Document, request: Request, outcome: Outcome, directory: Directory, now: datetime
) -> Iterator[SignalRecord]:
    for row in _rows(document, outcome):
        try:
            event = parse(row, now)
            company = directory.find(event.key, event.event_date.astimezone(NEW_YORK).date())
        except Unclear as error:
            outcome.reject(row.fault(str(error)))
            continue
        except ParseError as error:
            outcome.reject(error)
            continue
        available_at = _available(event, now)
        early = request.is_early(available_at.astimezone(NEW_YORK).date())
        if company is None or early or not request.wants(ticker=company.ticker, cik=company.cik):
            outcome.count("skipped")
            continue
        yield SignalRecord(
            company_id=company.pk,
            signal_type=event.signal_type,
            event_date=event.event_date,
            available_at=available_at,
            title=event.title,
            source=SOURCE,
            source_id=event.source_id(company.pk),
            source_url=event.source_url,
            signal_data=event.data,
            severity=event.severity,
        )


def _rows(document: Document, outcome: Outcome) -> Iterator[Row]:
    """Yield the rows that can be read. A fault of the file must not reach the COPY that they go to: it would end it."""
    try:
        for row in rows(document, NEEDED):
            if isinstance(row, ParseError):
                outcome.reject(row, counted=row.line is not None)
            else:
                yield row
    except ParseError as error:
        outcome.reject(error)


def _available(event: EventRow, now: datetime) -> datetime:
    """Return when the public could know: as stated, else on the day of the event; one to come is known from now on."""
    return event.available_at or min(event.event_date, now)
