"""Writes corrections to the ledger: a new row that hides the older one from its own availability on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from biotech_ma.core.news import tell
from signals_app.catalogue import CATALOGUE
from signals_app.ingest.merge.ledger import SignalRecord, Written
from signals_app.models import Signal
from signals_app.offers import OFFER_TYPES, refresh_offers
from signals_app.services import SIGNALS, default_impact


@dataclass(frozen=True, slots=True)
class Correction:
    """A record and the row that it supersedes (None: it corrects nothing that is there)."""

    record: SignalRecord
    supersedes_id: UUID | None


def is_there(record: SignalRecord) -> bool:
    """Return whether the ledger has the record already."""
    return Signal.objects.filter(source=record.source, source_id=record.source_id).exists()


def merge_correction(correction: Correction) -> Written:
    """Append the record, unless it is there. One that would come before what it corrects becomes known with it."""
    record = correction.record
    if is_there(record):
        return Written(1, 0)
    available_at = record.available_at
    if correction.supersedes_id is not None:
        corrected = Signal.objects.values_list("available_at", flat=True).get(pk=correction.supersedes_id)
        available_at = max(available_at, corrected)
    Signal.objects.create(
        company_id=record.company_id,
        signal_type=record.signal_type,
        event_date=record.event_date,
        available_at=available_at,
        supersedes_id=correction.supersedes_id,
        severity=record.severity or CATALOGUE[record.signal_type].severity,
        title=record.title,
        source=record.source,
        source_id=record.source_id,
        source_url=record.source_url,
        signal_data=record.signal_data,
        ma_impact_score=default_impact(record.signal_type),
    )
    tell(SIGNALS)
    if record.signal_type in OFFER_TYPES:
        refresh_offers([record.company_id])
    return Written(1, 1)
