"""Loads company facts: one document a company, each in a transaction of its own. Companies outside are left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import recorded
from signals_app.ingest.base import Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.files import Document, conclude
from signals_app.ingest.frame import readable
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.turn import take_turn
from signals_app.ingest.xbrl.companyfacts.parse import CompanyFacts, parse
from signals_app.ingest.xbrl.load import Reported, load, refresh

SOURCE = "edgar-facts"
NAMED = re.compile(r"CIK(\d{10})\.json", re.IGNORECASE)


def run(request: Request, progress: Progress) -> Outcome:
    """Read the documents behind the request's paths and append what their filings state.

    Raises IngestError where a path is missing or nothing could be read.
    """
    job = Run(request, Outcome(SOURCE))
    for found in readable(SOURCE, request, job.outcome, progress, lambda name: name.lower().endswith(".json")):
        job.document(found)
    conclude(job.outcome)
    if not request.dry_run:
        with recorded("refresh figures"):
            take_turn()
            refresh(job.touched)
    return job.outcome


@dataclass
class Run:
    """One run: the companies as they stood at its start, what became of each entry, whom it touched."""

    request: Request
    outcome: Outcome
    universe: Universe = field(default_factory=Universe.load)
    touched: set[UUID] = field(default_factory=set)
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def document(self, found: Document) -> None:
        """Load one document; one of the great zip whose company is outside is not even unpacked."""
        named = NAMED.fullmatch(found.leaf)
        if named and found.packed_in and self.universe.filer(named[1]) is None:
            self.outcome.count("skipped")
            return
        try:
            facts = parse(found.read(), found.name, today=self.today)
        except ParseError as error:
            self.outcome.reject(error)
            return
        self._load(facts)

    def _load(self, facts: CompanyFacts) -> None:
        company = self.universe.filer(facts.cik)
        wanted = company is not None and self.request.wants(ticker=company.ticker, cik=company.cik)
        if company is None or not wanted:
            self.outcome.count("skipped", max(facts.read, 1))
            return
        for error in facts.rejects:
            self.outcome.reject(error)
        self.outcome.count("skipped", facts.left_out)
        filings = []
        for filing in facts.filings.values():
            if self.request.is_early(filing.filed):
                self.outcome.count("skipped", len(filing.entries))
                continue
            filings.append(
                Reported(
                    company.pk,
                    facts.cik,
                    filing.accession,
                    filing.form,
                    filing.filed,
                    known_from(filing.filed),
                    filing.entries,
                )
            )
        with recorded(f"ingest {SOURCE}"):
            take_turn()
            load(filings, source=SOURCE, outcome=self.outcome)
            self.touched.add(company.pk)
            if self.request.dry_run:
                transaction.set_rollback(True)
