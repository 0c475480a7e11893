"""The entries of the ledger: written with each row that a person, a client or a command adds."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from signals_app.entry_models import LedgerEntry


def note_entries(*, signals: Iterable[UUID] = (), facts: Iterable[UUID] = ()) -> None:
    """Record who writes these rows and why: what the history of all tables is being told at present; one statement."""
    entries = [LedgerEntry(signal_id=key) for key in signals]
    entries += [LedgerEntry(fact_id=key) for key in facts]
    LedgerEntry.objects.bulk_create(entries)
