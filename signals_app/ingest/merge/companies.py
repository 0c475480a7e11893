"""Writes companies: the CIK is the identity, a ticker changes hands, an analyst's value stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from companies.choices import Phase, Role
from companies.models import Company, DrugCandidate
from signals_app.ingest.base import Outcome, ParseError
from signals_app.ingest.merge.aliases import letters
from signals_app.ingest.merge.authority import CURATED, Said, apply
from signals_app.ingest.names import same_name

# The key under which a source knows a company that has neither CIK nor ticker, whatever analysts call it since.
ORIGIN = "origin"


@dataclass(frozen=True)
class CompanyRecord:
    """What a source says of a company, with the file and line that say it.

    `role`, its note and `is_public` count for new companies only, `areas` for those that have none. `origin` is the
    source's own key of a company that has neither CIK nor ticker. Of `metadata` the keys that are missing are added.
    """

    file: str
    line: int
    ticker: str | None
    cik: str | None
    name: str
    role: str = Role.TARGET
    market_cap_usd: Decimal | None = None
    market_cap_as_of: date | None = None
    role_note: str = ""
    origin: str = ""
    is_public: bool | None = None
    headquarters: str | None = None
    headquarters_source: str = ""
    areas: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Universe:
    """The live companies by ticker and CIK, and the CIKs of archived ones, which sources leave alone.

    Companies without a CIK are found by the source's key, or by their name in letters. Duplicates that were merged are
    archived: no source changes them, but what it says for the ledger under their CIK or ticker is still written under
    them, and read as the company that was kept (docs/adr/0034).
    """

    by_ticker: dict[str, Company] = field(default_factory=dict)
    by_cik: dict[str, Company] = field(default_factory=dict)
    by_origin: dict[str, Company] = field(default_factory=dict)
    by_name: dict[str, Company] = field(default_factory=dict)
    archived_ciks: set[str] = field(default_factory=set)
    archived_origins: set[str] = field(default_factory=set)
    duplicates_by_cik: dict[str, Company] = field(default_factory=dict)
    duplicates_by_ticker: dict[str, Company] = field(default_factory=dict)
    duplicates_by_name: dict[str, Company] = field(default_factory=dict)
    kept: dict[UUID, Company] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Universe:
        """Read the companies from the database."""
        universe = cls()
        live: dict[UUID, Company] = {}
        duplicates: list[Company] = []
        for company in Company.all_objects.order_by("id"):
            if company.merged_into_id is not None:
                duplicates.append(company)
            if company.deleted_at is None:
                universe.add(company)
                live[company.pk] = company
            elif company.cik:
                universe.archived_ciks.add(company.cik)
            elif origin := company.metadata.get(ORIGIN):
                universe.archived_origins.add(str(origin))
        for duplicate in duplicates:
            if kept := live.get(duplicate.merged_into_id):  # type: ignore[arg-type]
                universe._read_as(duplicate, kept)
        return universe

    def _read_as(self, duplicate: Company, kept: Company) -> None:
        self.kept[duplicate.pk] = kept
        if duplicate.cik:
            self.duplicates_by_cik[duplicate.cik] = duplicate
        if duplicate.ticker:
            self.duplicates_by_ticker[duplicate.ticker] = duplicate
        self.duplicates_by_name[letters(duplicate.name)] = duplicate

    def add(self, company: Company) -> None:
        """Take a live company in."""
        if company.ticker:
            self.by_ticker[company.ticker] = company
        if company.cik:
            self.by_cik[company.cik] = company
        else:
            self.by_name.setdefault(letters(company.name), company)
        if origin := company.metadata.get(ORIGIN):
            self.by_origin[str(origin)] = company

    def without_cik(self, origin: str, name: str) -> Company | None:
        """Return the live company without a CIK that a source knows under its own key, or else under the name."""
        return self.by_origin.get(origin) or self.by_name.get(letters(name))

    def filer(self, cik: str | None) -> Company | None:
        """Return the company under which the ledger has what is filed under a CIK: a live one, or a duplicate.

        The duplicate also where the company that was kept has taken its CIK over: its rows are there already.
        """
        live, duplicate = self.by_cik.get(cik or ""), self.duplicates_by_cik.get(cik or "")
        if duplicate is not None and (live is None or self.read_as(duplicate) is live):
            return duplicate
        return live

    def duplicate(self, cik: str | None, ticker: str | None, name: str = "") -> Company | None:
        """Return the duplicate that the keys mean, if they mean no live company: the CIK, else ticker or name."""
        if cik:
            return None if cik in self.by_cik else self.duplicates_by_cik.get(cik)
        if ticker:
            return None if ticker in self.by_ticker else self.duplicates_by_ticker.get(ticker)
        return None if letters(name) in self.by_name else self.duplicates_by_name.get(letters(name))

    def read_as(self, company: Company) -> Company:
        """Return the company that was kept for a duplicate; any other as it is."""
        return self.kept.get(company.pk, company)


def merge_companies(records: Iterable[CompanyRecord], *, source: str, universe: Universe, outcome: Outcome) -> None:
    """Create and update companies in one statement each, and count every record's fate."""
    seen: dict[str, int] = {}
    new: list[Company] = []
    changed: dict[Company, set[str]] = {}
    fates: Counter[str] = Counter()
    for record in records:
        try:
            company = _found(record, universe, seen)
        except ParseError as error:
            outcome.reject(error)
            continue
        if company is None and _is_left_alone(record, universe):
            fates["skipped"] += 1
            continue
        created = company is None
        company = company or Company(name=record.name, role=record.role)
        fields = _apply(company, record, source, universe, outcome)
        if created:
            role = {"source": source, **({"note": record.role_note} if record.role_note else {})}
            company.field_sources = {"name": {"source": source}, "role": role, **company.field_sources}
            if record.is_public is not None:
                company.is_public = record.is_public
                company.field_sources["is_public"] = {"source": source}
            new.append(company)
            universe.add(company)
            fates["created"] += 1
        elif fields:
            changed.setdefault(company, set()).update(fields)
        fates["updated" if fields and not created else "unchanged"] += not created
    Company.objects.bulk_create(new)
    if changed:
        Company.objects.bulk_update(list(changed), sorted(set().union(*changed.values())))
    outcome.count_all(fates)


def _is_left_alone(record: CompanyRecord, universe: Universe) -> bool:
    """Whether the record is about an archived company, or about a duplicate that was merged."""
    if record.cik in universe.archived_ciks or record.origin in universe.archived_origins:
        return True
    return universe.duplicate(record.cik, record.ticker, record.name) is not None


def _found(record: CompanyRecord, universe: Universe, seen: dict[str, int]) -> Company | None:
    """Return the company that the record is about, None for a new one. Raises ParseError for a clash."""
    for kind, key in (("ticker", record.ticker), ("CIK", record.cik)):
        if key and (first := seen.setdefault(f"{kind} {key}", record.line)) != record.line:
            raise ParseError(record.file, record.line, f"duplicate {kind} {key}, first on line {first}")
    company = universe.by_cik.get(record.cik or "")
    if company is None and record.cik in universe.duplicates_by_cik:
        return None
    holder = universe.by_ticker.get(record.ticker or "")
    if company is None and holder is not None and (holder.cik is None or record.cik is None):
        # A ticker is no identity: only together with the name does it lead to a company whose CIK one side lacks.
        if same_name(holder.name, record.name):
            return holder
        raise ParseError(
            record.file,
            record.line,
            f"ticker {record.ticker} belongs to {holder.name}, and {record.name} may be another company: give "
            f"{holder.name} its CIK, or its name",
        )
    if company is None and record.origin and record.cik is None and record.ticker is None:
        return universe.without_cik(record.origin, record.name)
    if holder is not None and holder is not company:
        raise ParseError(
            record.file, record.line, f"ticker {record.ticker} belongs to {holder.name} (CIK {holder.cik})"
        )
    return company


def _apply(company: Company, record: CompanyRecord, source: str, universe: Universe, outcome: Outcome) -> list[str]:
    day = record.market_cap_as_of.isoformat() if record.market_cap_as_of else ""
    identifier = f"cik:{record.cik}" if record.cik else ""
    said = {"ticker": Said(record.ticker, identifier), "cik": Said(record.cik, identifier)}
    if company.name != record.name:
        said["name"] = Said(record.name, identifier)
    if record.market_cap_usd is not None:
        said["market_cap_usd"] = Said(record.market_cap_usd, record.file, day)
        said["market_cap_as_of"] = Said(record.market_cap_as_of, record.file, day)
    label = f"{record.ticker or record.name}"
    if record.headquarters:
        said["headquarters_location"] = Said(record.headquarters, record.headquarters_source)
    if record.areas and not company.therapeutic_areas:
        said["therapeutic_areas"] = Said(list(record.areas))
    fields = apply(company, said, source=source, label=label, refusals=outcome.refusals)
    fields += _add_metadata(company, record, source)
    universe.add(company)
    return fields


def _add_metadata(company: Company, record: CompanyRecord, source: str) -> list[str]:
    """Add the keys that the company lacks; an object that an analyst wrote stays as it is."""
    added = {key: value for key, value in record.metadata.items() if key not in company.metadata}
    note = company.field_sources.get("metadata", {})
    if not added or note.get("source") == CURATED:
        return []
    company.metadata = {**company.metadata, **added}
    company.field_sources = {**company.field_sources, "metadata": note or {"source": source}}
    return ["metadata", "field_sources"]


def refresh_areas(company_ids: Sequence[UUID], *, source: str) -> int:
    """Derive the companies' therapeutic areas from their live, running candidates, the most frequent first."""
    counts: dict[UUID, Counter[str]] = {company_id: Counter() for company_id in company_ids}
    rows = DrugCandidate.objects.filter(company_id__in=company_ids, therapeutic_area__isnull=False)
    for company_id, area in rows.exclude(phase=Phase.DISCONTINUED).values_list("company_id", "therapeutic_area"):
        counts[company_id][str(area)] += 1
    changed: list[Company] = []
    for company in Company.objects.filter(pk__in=company_ids):
        ranked = sorted(counts[company.pk].items(), key=lambda pair: (-pair[1], pair[0]))
        areas = [area for area, _ in ranked]
        if apply(company, {"therapeutic_areas": Said(areas)}, source=source, label=str(company), refusals=[]):
            changed.append(company)
    return Company.objects.bulk_update(changed, ["therapeutic_areas", "field_sources"]) if changed else 0
