"""Loads submissions files: registrants first, then the filings of those that are in the universe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.edgar.filings import Filing, History, events, is_public
from signals_app.ingest.edgar.forms import DELISTINGS
from signals_app.ingest.edgar.identifiers import BIOTECH_SIC
from signals_app.ingest.edgar.ledger import EDGAR, Ledger
from signals_app.ingest.edgar.submissions.parse import Registrant, Submissions, overflow_cik, parse
from signals_app.ingest.files import Document
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.registrants import RegistrantRecord, merge_registrants

SOURCE = "edgar-submissions"
# With the forms that small companies had until 2008, and those of a changed fiscal year: 10-KSB, 10-K405, 10-KT.
PERIODIC = ("10-K", "10-Q", "20-F", "40-F", "6-K")


def run(request: Request, progress: Progress) -> Outcome:
    """Read submissions files and bring registrants, aliases and the ledger in line with them.

    Raises IngestError, with nothing written, where no file was readable.
    """
    with one_run(SOURCE, request) as outcome:
        load = Load(request, outcome, Ledger(outcome))
        # Overflow files have no registrant of their own: they come after the files that do.
        for wanted in (is_main, is_overflow):
            for document in readable(SOURCE, request, outcome, progress, wanted):
                if is_overflow(document.leaf) == (wanted is is_overflow):
                    load.file(document)
        load.ledger.close()
    return outcome


def is_overflow(name: str) -> bool:
    """Return whether a file is named as one of older filings."""
    return overflow_cik(name) is not None


def is_main(name: str) -> bool:
    """Return whether a file may be a registrant's own."""
    return name.lower().endswith(".json") and not is_overflow(name)


@dataclass
class Load:
    """One run: what was asked, what became of it, and the companies as they stand."""

    request: Request
    outcome: Outcome
    ledger: Ledger
    universe: Universe = field(default_factory=Universe.load)

    def file(self, document: Document) -> None:
        """Load one file. A faulty file is one reject; a faulty row of it is one too."""
        today = timezone.localdate(timezone=NEW_YORK)
        try:
            found = parse(document.read(), document.name, today)
            company = self._company(found, document.name)
        except ParseError as error:
            self.outcome.reject(error)
            return
        for reject in found.rejects:
            self.outcome.reject(reject)
        if company is None:
            self.outcome.count("skipped", len(found.filings))
        else:
            self._filings(found.filings, company)

    def _company(self, found: Submissions, file: str) -> Company | None:
        """Return the company of a file, created where it makes drugs; None for one that is not in the universe.

        Raises ParseError for an individual or a fund.
        """
        registrant = found.registrant
        if registrant is None:
            company = self.universe.filer(overflow_cik(file))
            return company if company and self._wants(company.ticker, company.cik) else None
        if not registrant.is_company and self.universe.filer(registrant.cik) is None:
            raise ParseError(file, None, f"{registrant.name} (CIK {registrant.cik}) is an individual or a fund")
        if not any(self._wants(ticker, registrant.cik) for ticker in (*registrant.tickers, None)):
            return None
        record = _record(registrant, found.filings)
        merge_registrants([record], source=EDGAR, universe=self.universe, outcome=self.outcome)
        return self.universe.filer(registrant.cik)

    def _wants(self, ticker: str | None, cik: str | None) -> bool:
        return self.request.wants(ticker=ticker, cik=cik)

    def _filings(self, filings: tuple[Filing, ...], company: Company) -> None:
        history = History.of(filings)
        for filing in filings:
            if not is_public(filing) or self.request.is_early(filing.accepted.astimezone(NEW_YORK).date()):
                self.outcome.count("skipped")
                continue
            for event in events(filing, history, company.role):
                self.ledger.add(event, filing, company.pk)


def _record(registrant: Registrant, filings: tuple[Filing, ...]) -> RegistrantRecord:
    return RegistrantRecord(
        cik=registrant.cik,
        name=registrant.name,
        tickers=registrant.tickers,
        gone=not registrant.tickers and is_gone(filings),
        headquarters=registrant.headquarters,
        former_names=tuple((former.name, former.first, former.last) for former in registrant.former_names),
        metadata={"sic": registrant.sic, "exchanges": list(registrant.exchanges)},
        may_create=registrant.sic in BIOTECH_SIC,
        as_of=max((filing.filed.isoformat() for filing in filings), default=""),
    )


def is_gone(filings: Iterable[Filing]) -> bool:
    """Return whether the listing or the registration ended after the last periodic report."""
    ended, reported = [], []
    for filing in filings:
        if filing.form.base in DELISTINGS:
            ended.append(filing.accepted)
        elif filing.form.base.startswith(PERIODIC) and not filing.form.base.startswith("20-FR"):
            reported.append(filing.accepted)
    return bool(ended) and (not reported or max(ended) > max(reported))
