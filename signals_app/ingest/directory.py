"""Which company a row or a request means: by CIK, else by the ticker as it was on the day, for tickers change hands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from signals_app.ingest.base import IngestError
from signals_app.ingest.csv_rows import Key
from signals_app.ingest.merge.aliases import letters
from signals_app.ingest.merge.companies import Universe

TICKERS = (AliasKind.TICKER, AliasKind.FORMER_TICKER)


class Unclear(ValueError):
    """Several companies may be meant; an analyst gives the CIK."""


@dataclass
class Directory:
    """The live companies by CIK and ticker, and the tickers that led to them once."""

    universe: Universe
    former: dict[str, list[CompanyAlias]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[UUID, Company] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Directory:
        """Read companies and aliases from the database."""
        directory = cls(Universe.load())
        directory.by_id = {
            company.pk: company
            for company in (*directory.universe.by_cik.values(), *directory.universe.by_ticker.values())
        }
        for alias in CompanyAlias.objects.filter(kind__in=TICKERS):
            if alias.company_id in directory.by_id:
                directory.former[alias.alias].append(alias)
        return directory

    def find(self, key: Key, day: date) -> Company | None:
        """Return the live company that the key meant on the day; None for one that is not in the universe.

        Raises Unclear where the ticker leads to several.
        """
        if key.cik is not None:
            return self.universe.by_cik.get(key.cik)
        ticker = key.ticker or ""
        holder = self.universe.by_ticker.get(ticker)
        others = [self.by_id[alias.company_id] for alias in self.former.get(ticker, ()) if _held(alias, day)]
        found = list({company.pk: company for company in (*([holder] if holder else []), *others)}.values())
        if len(found) > 1:
            names = " or ".join(f"{company.name} (CIK {company.cik})" for company in found)
            raise Unclear(f"ticker {ticker} may mean {names}: give the CIK")
        return found[0] if found else None


def _held(alias: CompanyAlias, day: date) -> bool:
    """Whether the ticker may have led to the alias's company on the day: an unknown end counts as open."""
    begun = alias.valid_from is None or alias.valid_from <= day
    return begun and (alias.valid_to is None or day <= alias.valid_to)


def meant(names: frozenset[str]) -> frozenset[str]:
    """Return tickers and CIKs as they are, other names (former tickers, further classes, names) as the CIK behind them.

    A live ticker is itself, whoever had it before. Raises IngestError for a name that leads to several companies.
    """
    words = {name for name in names if not name.isdigit()}
    words -= set(Company.objects.filter(ticker__in=words).values_list("ticker", flat=True))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    by_letters = {letters(word): word for word in words}
    aliases = CompanyAlias.objects.filter(
        normalized__in=by_letters, company__deleted_at=None, company__cik__isnull=False
    )
    for normalized, cik, name in aliases.values_list("normalized", "company__cik", "company__name"):
        found[by_letters[normalized]][cik or ""] = name
    for word in words:
        for cik, name in Company.objects.filter(name__iexact=word, cik__isnull=False).values_list("cik", "name"):
            found[word][cik or ""] = name
    for word, ciks in found.items():
        if len(ciks) > 1:
            several = " or ".join(f"{name} (CIK {cik})" for cik, name in sorted(ciks.items()))
            raise IngestError(f"{word} may mean {several}: give the CIK")
    return (names - found.keys()).union(*(set(ciks) for ciks in found.values()))
