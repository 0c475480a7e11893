"""Loads the universe files: companies first, then what stands about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.choices import Role
from companies.models import Company
from companies.sponsors import names_company
from companies.starter import curated
from signals_app.ingest.base import Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.delimited import Table
from signals_app.ingest.files import Document
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.candidates import merge_candidates
from signals_app.ingest.merge.companies import CompanyRecord, Universe, merge_companies, refresh_areas
from signals_app.ingest.merge.ledger import FactRecord, SignalRecord, Written, merge_facts, merge_signals
from signals_app.ingest.universe import parse
from signals_app.ingest.universe.cells import RowReader
from signals_app.ingest.universe.pipeline import Pipeline
from signals_app.refresh import ledger_day, refresh_company_figures

SOURCE = "universe"
SUFFIXES = (".csv", ".csv.gz")
FDA_URL = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="
TRIAL_URL = "https://clinicaltrials.gov/study/"
ORDER = ("companies", "facts", "programs", "results", "decisions")


def run(request: Request, progress: Progress) -> Outcome:
    """Read the files behind the request's paths and bring the universe in line with them, all or nothing.

    A file that is none of the universe's is one reject. Raises IngestError, with nothing written, where a path is
    missing or no row was readable.
    """
    with one_run(SOURCE, request) as outcome:
        load = Load(request, outcome)
        # What stands in the files refers to companies and candidates: they come first, in whatever order they lie.
        for kind in ORDER:
            for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(SUFFIXES)):
                if load.kind_of(document) == kind:
                    getattr(load, kind)(document)
        progress("figures")
        if outcome.read > outcome.rejected:
            refresh_company_figures(day=ledger_day(), company_ids=load.touched)
    return outcome


@dataclass
class Load:
    """One run: the request, the companies as they stand, what became of each row, whom it touched."""

    request: Request
    outcome: Outcome
    universe: Universe = field(default_factory=Universe.load)
    touched: set[Any] = field(default_factory=set)
    kinds: dict[str, str | None] = field(default_factory=dict)
    # Tickers as the list of companies has them: its other files mean these, whatever EDGAR calls the companies by now.
    ciks: dict[str, str] = field(default_factory=dict)

    def kind_of(self, document: Document) -> str | None:
        """Return which of the universe's files it is by its columns; None, rejected once, for none of them."""
        if document.name not in self.kinds:
            try:
                columns = table(document).columns()
                self.kinds[document.name] = parse.kind_of(columns)
                if self.kinds[document.name] is None:
                    raise ParseError(document.name, 1, parse.why_unknown(columns))
            except ParseError as error:
                self.kinds[document.name] = None
                self.outcome.reject(error)
        return self.kinds[document.name]

    def rows(self, document: Document, kind: str) -> Iterator[Any]:
        """Yield the parsed rows of a file; the faulty ones are counted and listed on the way."""
        convert = parse.KINDS[kind][1]
        today = timezone.localdate(timezone=NEW_YORK)
        for line in table(document).rows():
            if isinstance(line, ParseError):
                self.outcome.reject(line, counted=line.line is not None)
                continue
            try:
                row = convert(RowReader(line.file, line.line, line.values, today))
            except ParseError as error:
                self.outcome.reject(error)
                continue
            yield row

    def company(self, row: Any, *, day: date | None = None) -> Company | None:
        """Return a row's company, live or a duplicate; None, counted as skipped, where none is there or wanted."""
        cik = getattr(row, "cik", None) or self.ciks.get(row.ticker or "")
        company = self.universe.filer(cik) if cik else self.universe.by_ticker.get(row.ticker)
        company = company or self.universe.duplicate(cik, row.ticker)
        wanted = company is not None and self.request.wants(ticker=company.ticker, cik=company.cik)
        if company is None or not wanted or (day is not None and self.request.is_early(day)):
            self.outcome.count("skipped")
            return None
        self.touched.add(company.pk)
        return company

    def companies(self, document: Document) -> None:
        """Load companies.csv: roles and full names of reviewed companies are the analysts'."""
        merge_companies(self._company_records(document), source=SOURCE, universe=self.universe, outcome=self.outcome)
        self.touched.update(company.pk for company in self.universe.by_cik.values() if self._wants(company))

    def _wants(self, company: Company) -> bool:
        return self.request.asks_for(ticker=company.ticker, cik=company.cik)

    def _company_records(self, document: Document) -> Iterable[CompanyRecord]:
        for row in cast("Iterable[parse.CompanyRow]", self.rows(document, "companies")):
            if row.ticker and row.cik:
                # The first row of a ticker stands; a second one is a duplicate and rejected.
                self.ciks.setdefault(row.ticker, row.cik)
            if not self.request.wants(ticker=row.ticker, cik=row.cik):
                self.outcome.count("skipped")
                continue
            decision = curated.companies().get(row.ticker)
            yield CompanyRecord(
                file=document.name,
                line=row.line,
                ticker=row.ticker,
                cik=row.cik,
                name=(decision.name if decision else "") or row.name,
                role=decision.role if decision else Role.TARGET,
                market_cap_usd=row.market_cap_usd,
                market_cap_as_of=row.market_cap_as_of,
            )

    def facts(self, document: Document) -> None:
        """Load financial_facts.csv: dollars only where the form makes that certain."""
        self._count(merge_facts(self._fact_records(document), source=SOURCE))

    def _fact_records(self, document: Document) -> Iterator[FactRecord]:
        foreign = _foreign_filers(document)
        for row in cast("Iterable[parse.FactRow]", self.rows(document, "facts")):
            company = self.company(row, day=row.filed)
            if company is not None:
                unit = curated.unit(row.ticker, row.form, row.concept, files_foreign_forms=row.cik in foreign)
                yield FactRecord(
                    company.pk,
                    row.cik,
                    row.concept,
                    row.start,
                    row.end,
                    row.value,
                    unit,
                    row.form,
                    row.accession,
                    row.filed,
                    known_from(row.filed),
                )

    def programs(self, document: Document) -> None:
        """Load programs.csv: trial arms become candidates, one a drug and indication."""
        pipeline = Pipeline()
        for row in cast("Iterable[parse.ProgramRow]", self.rows(document, "programs")):
            company = self.company(row)
            if company is not None:
                pipeline.add(row, company)
        records = list(pipeline.records())
        merge_candidates(records, source=SOURCE, outcome=self.outcome)
        self.outcome.count("skipped", pipeline.left_out)
        refresh_areas([record.company_id for record in records], source=SOURCE)

    def results(self, document: Document) -> None:
        """Load trial_results_posted.csv, without the trials of strangers that a ticker look-up brought in."""
        self._count(merge_signals(self._result_signals(document)))

    def _result_signals(self, document: Document) -> Iterator[SignalRecord]:
        for row in cast("Iterable[parse.ResultRow]", self.rows(document, "results")):
            company = self.company(row, day=row.posted)
            if company is None:
                continue
            decision = curated.companies().get(row.ticker)
            if decision is not None and decision.has_strangers_trials:
                self.outcome.count("skipped")
                continue
            known = known_from(row.posted)
            yield SignalRecord(
                company.pk,
                "trial_results_posted",
                known,
                known,
                f"Results of {row.nct_id} posted",
                "clinicaltrials",
                f"{row.nct_id}:results:{row.posted}:{company.cik}",
                f"{TRIAL_URL}{row.nct_id}",
                {"nct_id": row.nct_id, "phase": row.phase},
            )

    def decisions(self, document: Document) -> None:
        """Load fda_decisions.csv: originals as approvals, the others as supplements."""
        self._count(merge_signals(self._decision_signals(document)))

    def _decision_signals(self, document: Document) -> Iterator[SignalRecord]:
        for row in cast("Iterable[parse.DecisionRow]", self.rows(document, "decisions")):
            company = self.company(row, day=row.decided)
            if company is None:
                continue
            if row.sponsor and not names_company(row.sponsor, company.name):
                reason = f"sponsor {row.sponsor} is not {company.name}"
                self.outcome.reject(ParseError(document.name, row.line, reason))
                continue
            yield _decision(row, company)

    def _count(self, written: Written) -> None:
        self.outcome.count("created", written.created)
        self.outcome.count("unchanged", written.unchanged)


def _decision(row: parse.DecisionRow, company: Company) -> SignalRecord:
    tentative = row.outcome == "TENTATIVE_APPROVAL"
    original = row.submission_class == "ORIG"
    kind = "fda_tentative_approval" if tentative else "fda_approval" if original else "fda_supplement"
    verb = "tentatively approves" if tentative else "approves" if original else "approves a supplement to"
    known = known_from(row.decided)
    data = {
        "application_number": row.application,
        "drug": row.drug,
        "submission_class": row.submission_class,
        "sponsor": row.sponsor,
        "review": row.review,
    }
    return SignalRecord(
        company.pk,
        kind,
        known,
        known,
        f"FDA {verb} {row.drug} ({row.application})",
        "drugsfda",
        f"{row.application}:{row.submission_class}:{row.decided}",
        f"{FDA_URL}{row.application[-6:]}",
        data,
    )


def table(document: Document) -> Table:
    """Return the document as a table of the desk's own: commas, quotes, UTF-8."""
    return Table(document, ",", needed=(), quoted=True, utf8=True)


def _foreign_filers(document: Document) -> frozenset[str]:
    """Return the CIKs with at least one figure on a form of foreign private issuers: a first pass over the file."""
    return frozenset(
        line["cik"].strip().zfill(10)
        for line in table(document).rows()
        if not isinstance(line, ParseError) and curated.is_foreign(line["form"])
    )
