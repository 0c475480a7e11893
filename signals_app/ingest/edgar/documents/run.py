"""Loads full submissions: signals from the header, proposals from the texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.edgar.documents.suggest import READ, suggested
from signals_app.ingest.edgar.filings import events, is_public
from signals_app.ingest.edgar.forms import Part, form_of
from signals_app.ingest.edgar.full_text import FullText, parse
from signals_app.ingest.edgar.ledger import Ledger
from signals_app.ingest.files import DAMAGE, Document, damaged
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.companies import Universe

SOURCE = "edgar-documents"
SUFFIXES = (".txt", ".nc", ".sgml")
MOST_BYTES_OF_A_LINE = 1024 * 1024


def run(request: Request, progress: Progress) -> Outcome:
    """Read full submissions, append what their headers say and queue what their texts suggest.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    with one_run(SOURCE, request) as outcome:
        load = Load(request, outcome, Ledger(outcome))
        today = timezone.localdate(timezone=NEW_YORK)
        for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(SUFFIXES)):
            try:
                load.take(parse(_lines(document), document.name, is_read, today=today))
            except ParseError as error:
                outcome.reject(error)
        load.ledger.close()
    return outcome


def is_read(kind: str) -> bool:
    """Return whether a document of the type is kept for reading; the others only count as exhibits."""
    return form_of(kind).base in READ or kind.startswith("EX-99")


def _lines(document: Document) -> Iterator[bytes]:
    document.head()
    try:
        with document.open() as stream:
            while line := stream.readline(MOST_BYTES_OF_A_LINE):
                yield line
    except DAMAGE as error:
        raise damaged(document.name, error) from error


@dataclass
class Load:
    """One run: the companies as they stand and what became of each submission."""

    request: Request
    outcome: Outcome
    ledger: Ledger
    universe: Universe = field(default_factory=Universe.load)

    def take(self, whole: FullText) -> None:
        """Take one submission, for each of its parties that is in the universe."""
        early = self.request.is_early(whole.accepted.astimezone(NEW_YORK).date())
        concerned = [] if early else list(self._concerned(whole))
        if not concerned:
            self.outcome.count("skipped")
        for party, company in concerned:
            filing = whole.filing_of(party)
            for event in events(filing, self.ledger.history(filing, company.pk), company.role):
                self.ledger.add(event, filing, company.pk)
            if party.part is Part.FILER:
                for event, evidence in suggested(whole, party, filing, company.role):
                    if not event.doubt:
                        self.ledger.add(event, filing, company.pk)
                    else:
                        source_id = f"{filing.accession}:{filing.cik}:{event.key}"
                        self.ledger.propose(event, filing, company.pk, source_id, evidence=evidence)

    def _concerned(self, whole: FullText) -> Iterator[tuple[Any, Company]]:
        for party in whole.parties:
            company = self.universe.filer(party.cik)
            wanted = company is not None and self.request.wants(ticker=company.ticker, cik=company.cik)
            if company is not None and wanted and party.part is not Part.OWNER and is_public(whole.filing_of(party)):
                yield party, company
