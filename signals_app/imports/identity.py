"""Which company a row is about: the CIK decides, then the ticker together with the name, then the name alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from companies.sponsors import names_company
from signals_app.imports.reading import ReadRow
from signals_app.ingest.csv_rows import Key
from signals_app.ingest.directory import Directory, Unclear
from signals_app.ingest.names import in_any_order, normalised

NAMES = (AliasKind.NAME, AliasKind.FORMER_NAME, AliasKind.MERGED)


def _sorted_words(name: str) -> str:
    return in_any_order(normalised(name))


@dataclass
class Companies:
    """The desk's live companies by everything that a row may call them."""

    directory: Directory
    day: dt.date
    by_name: dict[str, dict[UUID, Company]] = field(default_factory=lambda: defaultdict(dict))
    also_called: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def load(cls, day: dt.date) -> Companies:
        """Read companies, tickers and names, in a query each."""
        found = cls(Directory.load(), day)
        for company in found.directory.universe.by_name.values():
            found.directory.by_id[company.pk] = company
        live = {company.pk: company for company in Company.objects.filter(ticker=None, cik=None)}
        for company in (*found.directory.by_id.values(), *live.values()):
            found._name(company, company.name)
        for alias in CompanyAlias.objects.filter(kind__in=NAMES):
            leads_to = found.directory.by_id.get(alias.company_id) or live.get(alias.company_id)
            if leads_to is not None:
                found._name(leads_to, alias.alias)
        return found

    def add(self, company: Company) -> None:
        """Take in a company that the import makes, so that later rows meet it."""
        self.directory.universe.add(company)
        self._name(company, company.name)

    def _name(self, company: Company, name: str) -> None:
        words = _sorted_words(name)
        if words:
            self.by_name[words][company.pk] = company
            self.also_called[company.pk].add(words)

    def find(self, row: ReadRow, name_field: str) -> Company | None:
        """Return the company of the row, None for one that the desk does not have. A doubt refuses the row's cell."""
        cik, ticker = row.values.get("cik"), row.values.get("ticker")
        name = row.values.get(name_field)
        duplicate = self.directory.universe.duplicate(cik, ticker) if cik or ticker else None
        if duplicate is not None:
            return self._kept(row, duplicate)
        if cik:
            return self._by_cik(row, cik, ticker, name)
        if ticker:
            return self._by_ticker(row, ticker, name, name_field)
        if name:
            return self._by_name(row, name, name_field)
        row.refuse("cik", "names no company: CIK, ticker and name are empty")
        return None

    def _kept(self, row: ReadRow, duplicate: Company) -> Company:
        """Return the company that was kept for a duplicate; the duplicate's CIK and ticker are no values of its own."""
        kept = self.directory.universe.read_as(duplicate)
        for name in ("cik", "ticker"):
            row.values.pop(name, None)
        row.notes.append(f"{duplicate} is merged into {kept}: the row is about that one")
        return kept

    def _by_cik(self, row: ReadRow, cik: str, ticker: str | None, name: str | None) -> Company | None:
        universe = self.directory.universe
        if cik in universe.archived_ciks and cik not in universe.by_cik:
            row.refuse("cik", f"the company with CIK {cik} is archived: restore it first")
            return None
        company = universe.by_cik.get(cik)
        holder = universe.by_ticker.get(ticker or "")
        if company is None and holder is not None and holder.cik is None and name and self.is_called(holder, name):
            return holder
        if holder is not None and holder is not company:
            row.refuse("ticker", f"ticker {ticker} belongs to {holder.name} (CIK {holder.cik or 'unknown'})")
        if company is not None and name and not self.is_called(company, name):
            row.notes.append(f"CIK {cik} is {company.name} here; the row calls it {name}")
        if company is None and holder is None and name:
            alone = [one for one in self.by_name.get(_sorted_words(name), {}).values() if one.cik is None]
            if len(alone) == 1:
                return alone[0]
        return company

    def _by_ticker(self, row: ReadRow, ticker: str, name: str | None, name_field: str) -> Company | None:
        try:
            company = self.directory.find(Key(ticker, None), self.day)
        except Unclear as error:
            row.refuse("ticker", str(error))
            return None
        if company is None:
            company = self._by_name(row, name, name_field) if name else None
            if company is not None and company.ticker is not None:
                row.refuse("ticker", f"{company.name} has the ticker {company.ticker} here, not {ticker}: give its CIK")
        elif name and not self.is_called(company, name):
            row.refuse("ticker", f"ticker {ticker} belongs to {company.name}, and the row says {name}: give the CIK")
        return company

    def _by_name(self, row: ReadRow, name: str, name_field: str) -> Company | None:
        found = list(self.by_name.get(_sorted_words(name), {}).values())
        if len(found) > 1:
            several = " or ".join(sorted(f"{one.name} (CIK {one.cik or 'unknown'})" for one in found))
            row.refuse(name_field, f"{name} may be {several}: give the CIK")
        return found[0] if len(found) == 1 else None

    def is_called(self, company: Company, name: str) -> bool:
        """Return whether the name may be the company's: one of its names, or a shortened one."""
        words = _sorted_words(name)
        return words in self.also_called.get(company.pk, ()) or names_company(name, company.name)
