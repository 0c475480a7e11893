"""Which acquirer a name, ticker or CIK in the ledger means: exactly one, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from scoring.matching.ledger import text
from scoring.matching.universe import Side
from signals_app.ingest.names import in_any_order, normalised

NAME_KINDS = (AliasKind.NAME, AliasKind.FORMER_NAME, AliasKind.MERGED)
CIK_DIGITS = 10


@dataclass
class Names:
    """The acquirers by CIK, ticker and normalised name; names with the day from which they lead there (None = always).

    Up to when a name led somewhere does not matter: papers go on using it.
    """

    by_cik: dict[str, UUID] = field(default_factory=dict)
    by_ticker: dict[str, UUID] = field(default_factory=dict)
    by_name: dict[str, list[tuple[date | None, UUID]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, sides: Iterable[Side]) -> Names:
        """Return the names of these acquirers, their aliases and merged duplicates with them, in two queries."""
        names = cls()
        ids = []
        for side in sides:
            ids.append(side.key)
            names.by_name[name_key(side.name)].append((None, side.key))
            if side.cik:
                names.by_cik[side.cik] = side.key
            if side.ticker:
                names.by_ticker[side.ticker] = side.key
        duplicates = Company.all_objects.filter(merged_into__in=ids, cik__isnull=False).order_by("id")
        for cik, company_id in duplicates.values_list("cik", "merged_into"):
            if company_id is not None:
                names.by_cik.setdefault(str(cik), company_id)
        aliases = CompanyAlias.objects.filter(company_id__in=ids, kind__in=NAME_KINDS).order_by("id")
        for alias, since, company_id in aliases.values_list("alias", "valid_from", "company_id"):
            names.by_name[name_key(alias)].append((since, company_id))
        return names

    def find(self, data: Mapping[str, Any], party: str, on: date) -> UUID | None:
        """Return the acquirer that a signal's data name as this party: by its CIK, else its ticker, else its name.

        A name counts as of the day: a company that was bought is its buyer's from then on. One that leads to two
        acquirers means neither.
        """
        cik, ticker = cik_key(data.get(f"{party}_cik")), text(data, f"{party}_ticker").upper()
        if cik in self.by_cik:
            return self.by_cik[cik]
        if not cik and ticker in self.by_ticker:
            return self.by_ticker[ticker]
        key = name_key(text(data, party))
        found = (
            {company for since, company in self.by_name.get(key, ()) if since is None or since <= on} if key else set()
        )
        return found.pop() if len(found) == 1 else None


def name_key(name: str) -> str:
    """Return a company's name as it is compared."""
    return in_any_order(normalised(name))


def cik_key(value: object) -> str:
    """Return a CIK, written as a number or as text, in ten digits; empty for what is none."""
    digits = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return digits.zfill(CIK_DIGITS) if digits.isascii() and digits.isdigit() and len(digits) <= CIK_DIGITS else ""
