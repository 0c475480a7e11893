"""Loads the universe files in one transaction: all of a run, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from biotech_ma.core.services import recorded
from companies.choices import Role
from companies.models import Company
from companies.sponsors import names_company
from companies.starter import curated
from signals_app.ingest.base import IngestError, Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.merge.candidates import merge_candidates
from signals_app.ingest.merge.companies import CompanyRecord, Universe, merge_companies, refresh_areas
from signals_app.ingest.merge.ledger import FactRecord, SignalRecord, Written, merge_facts, merge_signals
from signals_app.ingest.merge.turn import take_turn
from signals_app.ingest.tables import Resource, header, lines, resources
from signals_app.ingest.universe import parse
from signals_app.ingest.universe.pipeline import Pipeline
from signals_app.market_day import NEW_YORK
from signals_app.refresh import ledger_day, refresh_company_figures

SOURCE = "universe"
SUFFIXES = (".csv", ".csv.gz")
FDA_URL = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="
TRIAL_URL = "https://clinicaltrials.gov/study/"
ORDER = ("companies", "facts", "programs", "results", "decisions")


def run(request: Request, progress: Progress) -> Outcome:
    """Read the files behind the request's paths and bring the universe in line with them.

    Raises IngestError, with nothing written, where a path is missing, a file has another format or no row was readable.
    """
    files = _files(request)
    with recorded(f"ingest {SOURCE}"):
        take_turn()
        load = Load(request, Outcome(SOURCE))
        for kind in ORDER:
            for resource in files.get(kind, ()):
                progress(f"{resource.name}: {kind}")
                getattr(load, kind)(resource)
        if load.outcome.read and load.outcome.read == load.outcome.rejected:
            first = load.outcome.rejects[0]
            raise IngestError(f"none of the {load.outcome.read} rows could be read; the first: {first}")
        if not load.outcome.read:
            raise IngestError(f"nothing to read: {load.outcome.rejects[0] if load.outcome.rejects else 'no rows'}")
        progress("figures")
        refresh_company_figures(day=ledger_day(), company_ids=load.touched)
        if request.dry_run:
            transaction.set_rollback(True)
    return load.outcome


def _files(request: Request) -> dict[str, list[Resource]]:
    """Return the files by kind. Raises IngestError for one that is none of the universe's."""
    if not request.paths:
        raise IngestError("universe needs --from: the folder, the files or the zip to read")
    found: dict[str, list[Resource]] = {}
    for resource in resources(request.paths, SUFFIXES):
        columns = header(resource)
        kind = parse.kind_of(columns)
        if kind is None:
            raise IngestError(f"{resource.name}: {parse.why_unknown(columns)}")
        found.setdefault(kind, []).append(resource)
    if not found:
        raise IngestError(f"nothing to read: no {' or '.join(SUFFIXES)} file there")
    return found


@dataclass
class Load:
    """One run: the request, the companies as they stand, what became of each row, whom it touched."""

    request: Request
    outcome: Outcome
    universe: Universe = field(default_factory=Universe.load)
    touched: set[Any] = field(default_factory=set)

    def rows(self, resource: Resource, kind: str) -> Iterator[Any]:
        """Yield the parsed rows of a file; the faulty ones are counted and listed on the way."""
        columns = header(resource)
        convert = parse.KINDS[kind][1]
        today = timezone.localdate(timezone=NEW_YORK)
        for line in lines(resource, len(columns)):
            if isinstance(line, ParseError):
                self.outcome.reject(line, counted=line.line is not None)
                continue
            try:
                values = dict(zip(columns, line.fields, strict=True))
                row = convert(parse.RowReader(resource.name, line.number, values, today))
            except ParseError as error:
                self.outcome.reject(error)
                continue
            yield row

    def company(self, row: Any, *, day: date | None = None) -> Company | None:
        """Return the live company of a row; None, counted as skipped, where it is not there or not asked for."""
        cik = getattr(row, "cik", None)
        company = self.universe.by_cik.get(cik) if cik else self.universe.by_ticker.get(row.ticker)
        wanted = company is not None and self.request.wants(ticker=company.ticker, cik=company.cik)
        if company is None or not wanted or (day is not None and self.request.is_early(day)):
            self.outcome.count("skipped")
            return None
        self.touched.add(company.pk)
        return company

    def companies(self, resource: Resource) -> None:
        """Load companies.csv: roles and full names of reviewed companies are the analysts'."""
        merge_companies(self._company_records(resource), source=SOURCE, universe=self.universe, outcome=self.outcome)
        self.touched.update(company.pk for company in self.universe.by_cik.values() if self._wants(company))

    def _wants(self, company: Company) -> bool:
        return self.request.wants(ticker=company.ticker, cik=company.cik)

    def _company_records(self, resource: Resource) -> Iterable[CompanyRecord]:
        for row in cast("Iterable[parse.CompanyRow]", self.rows(resource, "companies")):
            if not self.request.wants(ticker=row.ticker, cik=row.cik):
                self.outcome.count("skipped")
                continue
            decision = curated.companies().get(row.ticker)
            yield CompanyRecord(
                file=resource.name,
                line=row.line,
                ticker=row.ticker,
                cik=row.cik,
                name=(decision.name if decision else "") or row.name,
                role=decision.role if decision else Role.TARGET,
                market_cap_usd=row.market_cap_usd,
                market_cap_as_of=row.market_cap_as_of,
            )

    def facts(self, resource: Resource) -> None:
        """Load financial_facts.csv: dollars only where the form makes that certain."""
        self._count(merge_facts(self._fact_records(resource), source=SOURCE))

    def _fact_records(self, resource: Resource) -> Iterator[FactRecord]:
        foreign = _foreign_filers(resource)
        for row in cast("Iterable[parse.FactRow]", self.rows(resource, "facts")):
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

    def programs(self, resource: Resource) -> None:
        """Load programs.csv: trial arms become candidates, one a drug and indication."""
        pipeline = Pipeline()
        for row in cast("Iterable[parse.ProgramRow]", self.rows(resource, "programs")):
            company = self.company(row)
            if company is not None:
                pipeline.add(row, company)
        records = list(pipeline.records())
        merge_candidates(records, source=SOURCE, outcome=self.outcome)
        self.outcome.count("skipped", pipeline.left_out)
        refresh_areas([record.company_id for record in records], source=SOURCE)

    def results(self, resource: Resource) -> None:
        """Load trial_results_posted.csv, without the trials of strangers that a ticker look-up brought in."""
        self._count(merge_signals(self._result_signals(resource)))

    def _result_signals(self, resource: Resource) -> Iterator[SignalRecord]:
        for row in cast("Iterable[parse.ResultRow]", self.rows(resource, "results")):
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

    def decisions(self, resource: Resource) -> None:
        """Load fda_decisions.csv: originals as approvals, the others as supplements."""
        self._count(merge_signals(self._decision_signals(resource)))

    def _decision_signals(self, resource: Resource) -> Iterator[SignalRecord]:
        for row in cast("Iterable[parse.DecisionRow]", self.rows(resource, "decisions")):
            company = self.company(row, day=row.decided)
            if company is None:
                continue
            if row.sponsor and not names_company(row.sponsor, company.name):
                reason = f"sponsor {row.sponsor} is not {company.name}"
                self.outcome.reject(ParseError(resource.name, row.line, reason))
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


def _foreign_filers(resource: Resource) -> frozenset[str]:
    """Return the CIKs with at least one figure on a form of foreign private issuers: a first pass over the file."""
    columns = header(resource)
    form, cik = columns.index("form"), columns.index("cik")
    return frozenset(
        line.fields[cik].strip().zfill(10)
        for line in lines(resource, len(columns))
        if not isinstance(line, ParseError) and curated.is_foreign(line.fields[form])
    )
