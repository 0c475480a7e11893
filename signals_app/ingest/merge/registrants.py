"""Writes companies as a register of filers knows them: the CIK is the company, tickers and names lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from companies.choices import AliasKind, Role
from companies.models import Company
from companies.sponsors import names_company
from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.aliases import AliasRecord, letters, merge_aliases
from signals_app.ingest.merge.authority import CURATED, Said, apply
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.review_models import ReviewKind


@dataclass(frozen=True)
class RegistrantRecord:
    """What a register says of a company. `gone`: its shares are no longer listed, so that its ticker is free.

    `tickers` begins with the main one. `may_create` False: only companies that are there already are brought in line.
    """

    cik: str
    name: str
    tickers: tuple[str, ...] = ()
    gone: bool = False
    headquarters: str = ""
    former_names: tuple[tuple[str, date | None, date | None], ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    may_create: bool = True
    as_of: str = ""


@dataclass
class _Changes:
    """What a batch of records leads to; written in one statement each."""

    new: list[Company] = field(default_factory=list)
    fields: dict[Company, set[str]] = field(default_factory=dict)
    aliases: list[tuple[Company, AliasRecord]] = field(default_factory=list)
    proposals: list[tuple[Company, Proposal]] = field(default_factory=list)
    seen: list[Company] = field(default_factory=list)
    skipped: int = 0


def merge_registrants(
    records: Iterable[RegistrantRecord], *, source: str, universe: Universe, outcome: Outcome
) -> None:
    """Create and update the companies, their aliases and what is left to an analyst; count every record's fate."""
    changes = _Changes()
    for record in records:
        company = _found(record, universe, source, changes)
        if company is None and (record.cik in universe.archived_ciks or not record.may_create):
            changes.skipped += 1
        elif company is None:
            changes.new.append(_created(record, source, universe))
            _lead_here(changes.new[-1], record, changes)
        else:
            _bring_in_line(company, record, source, universe, outcome, changes)
    _write(changes, source, outcome)


def _found(record: RegistrantRecord, universe: Universe, source: str, changes: _Changes) -> Company | None:
    """Return the company of the CIK, or one without a CIK that has the ticker and the name."""
    company = universe.by_cik.get(record.cik)
    if company is not None or record.cik in universe.archived_ciks:
        return company
    for ticker in record.tickers:
        holder = universe.by_ticker.get(ticker)
        if holder is not None and holder.cik is None:
            if names_company(record.name, holder.name):
                return holder
            title = f"{holder.name} ({ticker}): is it the registrant {record.name}, CIK {record.cik}?"
            changes.proposals.append(_value(holder, "cik", record.cik, title, source))
    return None


def _created(record: RegistrantRecord, source: str, universe: Universe) -> Company:
    ticker = next((ticker for ticker in record.tickers if ticker not in universe.by_ticker), None)
    company = Company(
        cik=record.cik,
        name=record.name,
        ticker=ticker,
        role=Role.TARGET,
        is_public=not record.gone,
        headquarters_location=record.headquarters or None,
        metadata=record.metadata,
    )
    said = {"name", "role", "cik", "is_public", "metadata", *(["ticker"] if ticker else [])}
    said |= {"headquarters_location"} if record.headquarters else set()
    note = Said(None, f"cik:{record.cik}", record.as_of).provenance(source)
    company.field_sources = dict.fromkeys(sorted(said), note)
    universe.add(company)
    return company


def _bring_in_line(
    company: Company,
    record: RegistrantRecord,
    source: str,
    universe: Universe,
    outcome: Outcome,
    changes: _Changes,
) -> None:
    before = company.ticker
    identifier = f"cik:{record.cik}"
    said: dict[str, Said] = {"cik": Said(record.cik, identifier)}
    if not company.headquarters_location:
        said["headquarters_location"] = Said(record.headquarters, identifier, record.as_of)
    if _was_called(company.name, record):
        said["name"] = Said(record.name, identifier, record.as_of)
    if record.tickers and company.ticker not in record.tickers:
        _change_ticker(company, record, source, universe, said, changes)
    changed = apply(company, said, source=source, label=company.name, refusals=outcome.refusals)
    if record.gone and before and not _is_curated(company, "ticker"):
        company.ticker, company.is_public = None, False
        company.field_sources = {**company.field_sources, "ticker": said["cik"].provenance(source)}
        changed += ["ticker", "is_public", "field_sources"]
    if before != company.ticker and before:
        universe.by_ticker.pop(before, None)
        alias = AliasRecord(company.pk, AliasKind.FORMER_TICKER, before)
        changes.aliases.append((company, alias))
    universe.add(company)
    changes.seen.append(company)
    if changed:
        changes.fields.setdefault(company, set()).update(changed)
    _lead_here(company, record, changes)


def _change_ticker(
    company: Company,
    record: RegistrantRecord,
    source: str,
    universe: Universe,
    said: dict[str, Said],
    changes: _Changes,
) -> None:
    """Take the main ticker, unless another live company has it: then an analyst says whose it is."""
    ticker = record.tickers[0]
    holder = universe.by_ticker.get(ticker)
    if holder is None:
        said["ticker"] = Said(ticker, f"cik:{record.cik}", record.as_of)
    elif holder is not company:
        title = f"Ticker {ticker}: {record.name}'s by the register, {holder.name}'s here"
        changes.proposals.append(_value(company, "ticker", ticker, title, source))


def _lead_here(company: Company, record: RegistrantRecord, changes: _Changes) -> None:
    """Note every other name and ticker under which the company can be looked for."""
    for name, first, last in record.former_names:
        changes.aliases.append((company, AliasRecord(company.pk, AliasKind.FORMER_NAME, name, first, last)))
    if letters(record.name) != letters(company.name):
        changes.aliases.append((company, AliasRecord(company.pk, AliasKind.NAME, record.name)))
    for ticker in record.tickers:
        if ticker != company.ticker:
            changes.aliases.append((company, AliasRecord(company.pk, AliasKind.TICKER, ticker)))


def _write(changes: _Changes, source: str, outcome: Outcome) -> None:
    Company.objects.bulk_create(changes.new)
    # A ticker that moves from one company to another is free before it is taken.
    freed = [company for company in changes.fields if company.ticker is None]
    for companies in (freed, [company for company in changes.fields if company.ticker is not None]):
        names = sorted(set().union(*(changes.fields[company] for company in companies)))
        if names:
            Company.objects.bulk_update(companies, names, batch_size=500)
    aliases = (_of_company(alias, company) for company, alias in changes.aliases)
    touched = merge_aliases(aliases, source=source)
    queued = merge_reviews(proposal for _, proposal in changes.proposals)
    updated = sum(company in changes.fields or company.pk in touched for company in changes.seen)
    outcome.count("created", len(changes.new) + queued.created)
    outcome.count("updated", updated)
    outcome.count("unchanged", len(changes.seen) - updated + queued.unchanged)
    outcome.count("skipped", changes.skipped)


def _of_company(alias: AliasRecord, company: Company) -> AliasRecord:
    """Return the alias with the company's key, which a new company has only once it is written."""
    return AliasRecord(company.pk, alias.kind, alias.alias, alias.valid_from, alias.valid_to)


def _value(company: Company, name: str, value: str, title: str, source: str) -> tuple[Company, Proposal]:
    return company, Proposal(
        kind=ReviewKind.VALUE,
        company_id=company.pk,
        title=title,
        proposed={"field": name, "value": value},
        evidence=title,
        source=source,
        source_id=f"{company.cik or company.ticker}:{name}:{value}",
    )


def _was_called(name: str, record: RegistrantRecord) -> bool:
    """Whether the name held is one that the register calls former."""
    return any(letters(former) == letters(name) for former, _, _ in record.former_names)


def _is_curated(company: Company, name: str) -> bool:
    return bool(company.field_sources.get(name, {"source": CURATED}).get("source") == CURATED)


def free_tickers(owners: Mapping[str, str], *, source: str, universe: Universe) -> int:
    """Take tickers from companies that a complete list (ticker -> CIK) gives to another, and return how many.

    The company keeps the ticker as a former one. An analyst's ticker stays.
    """
    freed = []
    for ticker, cik in owners.items():
        holder = universe.by_ticker.get(ticker)
        stranger = holder is not None and holder.cik is not None and holder.cik != cik
        duplicate = universe.duplicates_by_cik.get(cik)
        stranger = stranger and (duplicate is None or universe.read_as(duplicate) is not holder)
        if holder is not None and stranger and not _is_curated(holder, "ticker"):
            del universe.by_ticker[ticker]
            holder.ticker = None
            holder.field_sources = {**holder.field_sources, "ticker": Said(None, f"cik:{cik}").provenance(source)}
            freed.append((holder, ticker))
    Company.objects.bulk_update([holder for holder, _ in freed], ["ticker", "field_sources"])
    merge_aliases((AliasRecord(holder.pk, AliasKind.FORMER_TICKER, ticker) for holder, ticker in freed), source=source)
    return len(freed)
