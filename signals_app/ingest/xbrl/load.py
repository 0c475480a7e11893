"""Writes the figures of filings and brings the companies' figures in line with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.ledger import FactRecord, merge_facts
from signals_app.ingest.xbrl.choose import Entry, amounts
from signals_app.refresh import ledger_day, refresh_company_figures


@dataclass(frozen=True)
class Reported:
    """One filing of a company with its entries, and the moment from which the public could read it."""

    company_id: UUID
    cik: str
    accession: str
    form: str
    filed: date
    available_at: datetime
    entries: list[Entry]


def facts_of(filing: Reported) -> list[FactRecord]:
    """Return the figures that a filing states, as the ledger keeps them."""
    return [
        FactRecord(
            filing.company_id,
            filing.cik,
            amount.concept,
            amount.start,
            amount.end,
            amount.value,
            amount.unit,
            filing.form,
            filing.accession,
            filing.filed,
            filing.available_at,
        )
        for amount in amounts(filing.entries)
    ]


def load(filings: Iterable[Reported], *, source: str, outcome: Outcome) -> None:
    """Append the figures that are new, and count every entry: those behind no figure of their own are skipped."""
    read = 0

    def records() -> Iterable[FactRecord]:
        nonlocal read
        for filing in filings:
            read += len(filing.entries)
            yield from facts_of(filing)

    written = merge_facts(records(), source=source)
    outcome.count("created", written.created)
    outcome.count("unchanged", written.unchanged)
    outcome.count("skipped", read - written.staged)


def refresh(company_ids: set[UUID]) -> None:
    """Derive the figures of the companies that a run touched."""
    if company_ids:
        refresh_company_figures(day=ledger_day(), company_ids=company_ids)
