"""Loads indexes and the feed of the latest filings: what concerns the companies of the universe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.delimited import decoded
from signals_app.ingest.edgar.filings import Filing, events, is_public
from signals_app.ingest.edgar.forms import Part
from signals_app.ingest.edgar.index import atom, parse
from signals_app.ingest.edgar.ledger import Ledger
from signals_app.ingest.files import DAMAGE, Document, damaged
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.companies import Universe

SOURCE = "edgar-index"
SUFFIXES = (".idx", ".xml", ".atom")
LONGEST_LINE_BYTES = 64 * 1024


def run(request: Request, progress: Progress) -> Outcome:
    """Read indexes and feeds and append a signal for each filing of a company in the universe.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    today = timezone.localdate(timezone=NEW_YORK)
    with one_run(SOURCE, request) as outcome:
        load = Load(request, outcome)
        for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(SUFFIXES)):
            try:
                for row in rows(document, today):
                    load.take(row)
            except ParseError as error:
                outcome.reject(error)
        load.ledger.close()
    return outcome


def rows(document: Document, today: date) -> Iterator[Filing | ParseError]:
    """Yield the filings of an index or a feed. Raises ParseError for a file that is neither."""
    if document.head().lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        found = list(atom.parse(document.read(), document.name, today))
        yield from sorted(found, key=lambda row: isinstance(row, Filing) and row.part is not Part.SUBJECT)
    else:
        yield from parse.parse(_lines(document), document.name, today)


def _lines(document: Document) -> Iterator[str]:
    """Yield the lines, UTF-8 or Latin-1, which older indexes are in; the rest of an endless one is dropped."""
    try:
        with document.open() as stream:
            while line := stream.readline(LONGEST_LINE_BYTES):
                is_whole = line.endswith(b"\n")
                while not is_whole and (rest := stream.readline(LONGEST_LINE_BYTES)):
                    is_whole = rest.endswith(b"\n")
                yield decoded(line)
    except DAMAGE as error:
        raise damaged(document.name, error) from error


class Load:
    """One run: the companies as they stand and what became of each row."""

    def __init__(self, request: Request, outcome: Outcome) -> None:
        self.request, self.outcome, self.ledger = request, outcome, Ledger(outcome)
        self.universe = Universe.load()
        self.subjects: set[tuple[str, str]] = set()

    def take(self, row: Filing | ParseError) -> None:
        """Take one row: a reject, a filing of a company, or of somebody else."""
        if isinstance(row, ParseError):
            self.outcome.reject(row)
            return
        company = self.universe.filer(row.cik)
        if row.part is Part.SUBJECT:
            self.subjects.add((row.accession, row.cik))
        # Who files about itself has two entries, of which the one as subject tells what it means.
        again = row.part is not Part.SUBJECT and (row.accession, row.cik) in self.subjects
        if company is None or again or row.part is Part.OWNER or not self._wants(row, company.ticker):
            self.outcome.count("skipped")
            return
        for event in events(row, self.ledger.history(row, company.pk), company.role):
            self.ledger.add(event, row, company.pk)

    def _wants(self, row: Filing, ticker: str | None) -> bool:
        asked = self.request.wants(ticker=ticker, cik=row.cik)
        return asked and is_public(row) and not self.request.is_early(row.filed)
