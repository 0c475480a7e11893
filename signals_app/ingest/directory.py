"""Which company a row or a request means: by CIK, else by the ticker as it was on the day, for tickers change hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
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
        """Return the company that the key meant on the day; None for one that is not in the universe.

        It is live, or a duplicate whose own CIK or ticker the key is. Raises Unclear where the ticker leads to several.
        """
        if key.cik is not None:
            return self.universe.filer(key.cik)
        ticker = key.ticker or ""
        duplicate = self.universe.duplicates_by_ticker.get(ticker)
        holder = self.universe.by_ticker.get(ticker)
        others = [self.by_id[alias.company_id] for alias in self.former.get(ticker, ()) if _held(alias, day)]
        found = list({company.pk: company for company in (*([holder] if holder else []), *others)}.values())
        if len(found) > 1:
            names = " or ".join(f"{company.name} (CIK {company.cik})" for company in found)
            raise Unclear(f"ticker {ticker} may mean {names}: give the CIK")
        if duplicate is not None and all(company is self.universe.read_as(duplicate) for company in found):
            return duplicate
        return found[0] if found else None

    def share_class(self, key: Key, company: Company) -> str:
        """Return the ticker that tells the class of shares: the company's own where the row has none or a former one.

        A company that changes its ticker has one class all along, and so has one named by its CIK alone.
        """
        own, given = company.ticker or "", key.ticker or ""
        kinds = {alias.kind for alias in self.former.get(given, ()) if alias.company_id == company.pk}
        return own if not given or kinds == {AliasKind.FORMER_TICKER} else given


def _held(alias: CompanyAlias, day: date) -> bool:
    """Whether the ticker may have led to the alias's company on the day: an unknown end counts as open."""
    begun = alias.valid_from is None or alias.valid_from <= day
    return begun and (alias.valid_to is None or day <= alias.valid_to)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a run was asked for: name as given -> its CIK, or its ticker where it has none; the other names are new."""

    known: Mapping[str, str]
    new: tuple[str, ...]

    @property
    def companies(self) -> frozenset[str]:
        """CIKs and tickers by which rows are told: of companies that the desk has, and new ones as they were given."""
        return frozenset((*self.known.values(), *self.new))

    def without_row(self, met: Collection[str]) -> list[str]:
        """Return the names as given of those whom no row concerned."""
        given = {**self.known, **{name: name for name in self.new}}
        return sorted(name for name, row in given.items() if row not in met)


def unknown(names: Iterable[str]) -> str:
    """Return the line about names that lead to no live company, with tickers near each."""
    words = []
    for name in names:
        near = Company.objects.near_tickers(name)
        words.append(f"{name} is no company of the desk" + (f" (near: {', '.join(near)})" if near else ""))
    return "; ".join(words)


def asked(names: Iterable[str]) -> Asked:
    """Return which live companies the tickers, CIKs, former tickers, further classes and names lead to.

    A live ticker is itself, whoever had it before. Raises IngestError for a name that leads to several companies.
    """
    words = sorted(set(names))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    by_letters: dict[str, list[str]] = defaultdict(list)
    for word in words:
        by_letters[letters(word)].append(word)
    itself: dict[str, str] = {}
    for ticker, cik, name in Company.objects.values_list("ticker", "cik", "name"):
        itself |= {word: cik or ticker or "" for word in (ticker, cik) if word in words}
        for word in by_letters.get(letters(name), ()):
            found[word][cik or ticker or ""] = name
    aliases = CompanyAlias.objects.filter(normalized__in=[*by_letters], company__deleted_at=None)
    led = aliases.values_list("normalized", "company__cik", "company__ticker", "company__name")
    for normalized, cik, ticker, company in led:
        for word in by_letters[normalized]:
            found[word][cik or ticker or ""] = company
    for word, rows in found.items():
        rows.pop("", None)  # neither listed nor registered: no row can name it
        if len(rows) > 1 and word not in itself:
            several = " or ".join(f"{rows[key]} (CIK {key})" for key in sorted(rows))
            raise IngestError(f"{word} may mean {several}: give the CIK")
    known = {**{word: next(iter(rows)) for word, rows in found.items() if rows}, **itself}
    return Asked(known, tuple(word for word in words if word not in known))
