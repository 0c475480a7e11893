"""Loads the Orange Book: the last protected day of drugs whose application numbers the desk knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.identity import Identities
from companies.models import Company, DrugCandidate
from companies.services import refresh_patent_years
from companies.starter.build.protection import Protection
from signals_app.ingest.base import Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.fda.orangebook import parse
from signals_app.ingest.files import Document
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.ingest.merge.protection import EntityRecord, ExpiryRecord, merge_expiries, merge_new_entities
from signals_app.models import Signal
from signals_app.refresh import ledger_day

SOURCE = "orangebook"
URL = "https://www.accessdata.fda.gov/scripts/cder/ob/search_product.cfm"
SOON_YEARS = 3
BOOK = ("patents", "exclusivities")


def run(request: Request, progress: Progress) -> Outcome:
    """Read the tables behind the request's paths and set the last protected days, all or nothing.

    Raises IngestError where a path is missing or nothing could be read.
    """
    with one_run(SOURCE, request) as outcome:
        job = Run(request, outcome, _drugs(request))
        job.applications = {number for drug in job.drugs.values() for number in drug.applications}
        for found in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(".txt")):
            job.document(found)
        if job.write():
            refresh_patent_years(day=ledger_day())
    return outcome


@dataclass
class Drug:
    """A company's drug: its rows in the pipeline and its application numbers."""

    company: Company
    name: str
    applications: set[str] = field(default_factory=set)
    candidates: list[DrugCandidate] = field(default_factory=list)

    def is_protected_beyond(self, day: date) -> bool:
        """Return whether the pipeline has a later last day: by the other half of the book, or by an analyst."""
        return any(row.patent_expiry is not None and row.patent_expiry > day for row in self.candidates)


def _drugs(request: Request) -> dict[tuple[Any, str], Drug]:
    """Return the drugs with application numbers: those of candidates, and those that FDA approved."""
    companies = {
        company.pk: company
        for company in Company.objects.order_by("id").defer("search_vector")
        if request.asks_for(ticker=company.ticker, cik=company.cik)
    }
    drugs: dict[tuple[Any, str], Drug] = {}
    owned: set[str] = set()
    rows = DrugCandidate.objects.filter(company_id__in=companies, additional_data__has_key="applications")
    for row in rows.order_by("id"):
        numbers = row.additional_data["applications"]
        if not isinstance(numbers, list):
            continue
        drug = drugs.setdefault((row.company_id, row.name.casefold()), Drug(companies[row.company_id], row.name))
        drug.applications.update(str(number) for number in numbers)
        drug.candidates.append(row)
        owned |= drug.applications
    same = Identities.load()
    approvals = Signal.objects.filter(signal_type="fda_approval", company_id__in=same.ids_of(companies)).current()
    for company_id, data in approvals.order_by("id").values_list("company_id", "signal_data"):
        number, name = str(data.get("application_number") or ""), str(data.get("drug") or "")
        if number and name and number not in owned:
            key = same.of(company_id), name.casefold()
            drugs.setdefault(key, Drug(companies[key[0]], name)).applications.add(number)
    return drugs


@dataclass
class Run:
    """One run: the drugs, what protects them, what became of each row, and the newest day of the edition.

    `is_read` names the tables that were there. Half of the book can move a last day out, never in.
    """

    request: Request
    outcome: Outcome
    drugs: dict[tuple[Any, str], Drug]
    applications: set[str] = field(default_factory=set)
    protections: dict[str, list[Protection]] = field(default_factory=lambda: defaultdict(list))
    edition: date | None = None
    is_read: set[str] = field(default_factory=set)
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def document(self, found: Document) -> None:
        """Take a table in, recognised by its columns; the list of products is not needed."""
        try:
            columns = set(Table(found, "~", needed=()).columns())
            if set(parse.PRODUCTS) <= columns:
                self.outcome.count("skipped")
                return
            is_patent = "Patent_No" in columns
            table = Table(found, "~", needed=parse.PATENT if is_patent else parse.EXCLUSIVITY)
            self.is_read.add(BOOK[0] if is_patent else BOOK[1])
            for row in table.rows():
                self._row(row, is_patent=is_patent)
        except ParseError as error:
            self.outcome.reject(error)

    def _row(self, row: Row | ParseError, *, is_patent: bool) -> None:
        try:
            if isinstance(row, ParseError):
                raise row
            listing = parse.patent(row, today=self.today) if is_patent else parse.exclusivity(row)
        except ParseError as error:
            self.outcome.reject(error)
            return
        if listing.submitted and (self.edition is None or listing.submitted > self.edition):
            self.edition = listing.submitted
        if listing.is_delisted or listing.protection.application not in self.applications:
            self.outcome.count("skipped")
        else:
            self.protections[listing.protection.application].append(listing.protection)

    def write(self) -> int:
        """Set the last protected days and append the expiries that are near; return how many candidates changed."""
        edition = self.edition or self.today
        is_whole = len(self.is_read) == len(BOOK)
        protected = list(self._protected())
        changed = merge_expiries(
            (
                ExpiryRecord(row, last.expires, f"{last.application} {last.label}", self.edition, is_whole)
                for drug, last in protected for row in drug.candidates
            ),
            source=SOURCE, outcome=self.outcome,
        )  # fmt: skip
        changed |= merge_new_entities(self._new_entities(), source=SOURCE, outcome=self.outcome)
        signals = {signal.source_id: signal for drug, last in protected
                   if (signal := _expiry(drug, last, edition)) is not None}  # fmt: skip
        held = set(Signal.objects.filter(source=SOURCE, source_id__in=signals).values_list("source_id", flat=True))
        merge_signals(signals.values())
        counted: set[str] = set()
        for drug, last in protected:
            self.request.wants(ticker=drug.company.ticker, cik=drug.company.cik)
            rows = sum(len(self.protections.get(number, ())) for number in drug.applications - counted)
            counted |= drug.applications
            near = _expiry(drug, last, edition)
            is_new = near is not None and near.source_id not in held
            is_changed = any(row.pk in changed for row in drug.candidates)
            self.outcome.count("created" if is_new else "updated" if is_changed else "unchanged", rows)
        return len(changed)

    def _protected(self) -> Iterator[tuple[Drug, Protection]]:
        """Yield the drugs that have a protection, with their last one."""
        for drug in self.drugs.values():
            found = [one for number in sorted(drug.applications) for one in self.protections.get(number, ())]
            if found:
                yield drug, max(found, key=lambda one: (one.expires, one.label))

    def _new_entities(self) -> Iterator[EntityRecord]:
        """Yield the candidates one of whose own applications is that of a new chemical entity: the first such one."""
        for row in (row for drug in self.drugs.values() for row in drug.candidates):
            listed = [
                one
                for number in row.additional_data["applications"]
                for one in self.protections.get(str(number), ())
                if one.label == parse.NEW_CHEMICAL_ENTITY
            ]
            if listed:
                first = min(listed, key=lambda one: (one.expires, one.application))
                yield EntityRecord(row, first.expires, f"{first.application} {first.label}", self.edition)


def _expiry(drug: Drug, last: Protection, edition: date) -> SignalRecord | None:
    """Return the signal of a last protected day within three years of the edition; None for one that is not near."""
    if not edition < last.expires <= _years_later(edition, SOON_YEARS) or drug.is_protected_beyond(last.expires):
        return None
    data = {
        "drug": drug.name, "application_number": last.application, "protection": last.label,
        "expires": last.expires.isoformat(), "applications": sorted(drug.applications),
    }  # fmt: skip
    return SignalRecord(
        drug.company.pk, "patent_expiry", known_from(last.expires), known_from(edition),
        f"Last protection of {drug.name} ends on {last.expires}", SOURCE,
        f"{last.application}:{last.expires}:patent_expiry", URL, data,
    )  # fmt: skip


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
