"""From what filings say to rows of the ledger and of the review queue, written in batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from signals_app.ingest.base import Outcome
from signals_app.ingest.edgar.filings import SHARES_REGISTERED_WITHIN, Event, Filing, History
from signals_app.ingest.edgar.forms import MERGER_SHARES, MERGER_VOTES, NEW_LISTINGS, WITHDRAWALS_FROM_EXCHANGE
from signals_app.ingest.frame import count
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.models import Signal
from signals_app.review_models import ReviewKind

EDGAR = "edgar"
ROWS_A_BATCH = 20_000


@dataclass
class Ledger:
    """Takes signals and proposals, and writes them once there are enough; `close` writes the rest."""

    outcome: Outcome
    signals: list[SignalRecord] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)

    def history(self, filing: Filing, company_id: UUID) -> History:
        """Return the company's other filings on which the meaning of this one depends, as far as the ledger has them.

        For sources that do not list a company's filings together; only the few forms that depend on others ask.
        """
        if filing.form.base not in MERGER_VOTES | WITHDRAWALS_FROM_EXCHANGE:
            return History()
        self.close()
        rows = Signal.objects.filter(
            company_id=company_id,
            source=EDGAR,
            signal_type="sec_filing",
            available_at__range=(filing.accepted - SHARES_REGISTERED_WITHIN, filing.accepted),
        )
        found = list(rows.values_list("signal_data__form", "available_at"))
        return History(
            tuple(moment for form, moment in found if form in MERGER_SHARES),
            tuple(moment for form, moment in found if form in NEW_LISTINGS),
        )

    def add(self, event: Event, filing: Filing, company_id: UUID) -> None:
        """Take what a filing says of a company."""
        source_id = f"{filing.accession}:{filing.cik}:{event.key}"
        if event.doubt:
            self.propose(event, filing, company_id, source_id, evidence=event.doubt)
            return
        self.signals.append(
            SignalRecord(
                company_id=company_id,
                signal_type=event.signal_type,
                event_date=event.event_date,
                available_at=event.available_at,
                title=event.title,
                source=EDGAR,
                source_id=source_id,
                source_url=filing.url,
                signal_data=event.data,
            )
        )
        if len(self.signals) >= ROWS_A_BATCH:
            self.close()

    def propose(self, event: Event, filing: Filing, company_id: UUID, source_id: str, *, evidence: str) -> None:
        """Queue what a filing suggests, with the words that suggest it."""
        self.proposals.append(
            Proposal(
                kind=ReviewKind.SIGNAL,
                company_id=company_id,
                title=event.title,
                proposed=proposed(event),
                evidence=evidence,
                source=EDGAR,
                source_id=source_id,
                source_url=filing.url,
            )
        )

    def close(self) -> None:
        """Write what was taken, and count it."""
        count(self.outcome, merge_signals(self.signals), merge_reviews(self.proposals))
        self.signals, self.proposals = [], []


def proposed(event: Event) -> dict[str, Any]:
    """Return the fields of the signal that accepting the proposal writes."""
    return {
        "signal_type": event.signal_type,
        "event_date": event.event_date.isoformat(),
        "available_at": event.available_at.isoformat(),
        "title": event.title,
        "signal_data": event.data,
    }
