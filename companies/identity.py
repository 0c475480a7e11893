"""Which companies are read as another: merged duplicates, whose rows stay under their own ids (docs/adr/0034).

A merge says who a company is, not what was known when: it counts for every day that is read, past ones too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from companies.models import Company
from companies.querysets import id_or_ticker


@dataclass(frozen=True, slots=True)
class Identities:
    """The duplicates, each with the company as which it is read."""

    kept: Mapping[UUID, UUID] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Identities:
        """Read them, in one query over an index of duplicates alone."""
        rows = Company.all_objects.filter(merged_into__isnull=False).order_by()
        return cls({key: kept for key, kept in rows.values_list("pk", "merged_into") if kept is not None})

    def of(self, company_id: UUID) -> UUID:
        """Return the company as which a row of this company is read."""
        return self.kept.get(company_id, company_id)

    def ids_of(self, company_ids: Iterable[UUID]) -> list[UUID]:
        """Return the ids under which rows of these companies stand."""
        wanted = list(company_ids)
        asked = set(wanted)
        return [*wanted, *(key for key, kept in self.kept.items() if kept in asked and key not in asked)]

    def ids_or_all(self, company_ids: Collection[UUID] | None) -> list[UUID] | None:
        """Return the ids under which rows of these companies stand; None, which stands for all companies, as it is."""
        return None if company_ids is None else self.ids_of(company_ids)


@dataclass(frozen=True, slots=True)
class Kept:
    """The company as which a duplicate is read: its id, and its ticker where it is listed."""

    id: UUID
    ticker: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """The tickers of merged duplicates, each with the company as which it is read: for whatever names a company so.

    What was written down is read through it and not rewritten, so that it is as it was once the merge is undone. A
    ticker that a live company has is that company's. `has_duplicates` says whether anything is merged at all.
    """

    kept: Mapping[str, Kept] = field(default_factory=dict)
    has_duplicates: bool = False

    @classmethod
    def load(cls) -> Followed:
        """Read them, in one query over an index of duplicates alone."""
        holder = Company.objects.filter(ticker=OuterRef("ticker"))
        rows = Company.all_objects.filter(merged_into__isnull=False).annotate(is_taken=Exists(holder))
        found: dict[str, Kept] = {}
        has_duplicates = False
        # Of two that had one ticker, the one that was merged last.
        for ticker, is_taken, kept, kept_ticker in rows.order_by("deleted_at", "id").values_list(
            "ticker", "is_taken", "merged_into", "merged_into__ticker"
        ):
            has_duplicates = True
            if ticker and not is_taken and kept is not None:
                found[ticker] = Kept(kept, kept_ticker)
        return cls(found, has_duplicates)

    def ids(self, tickers: Iterable[str]) -> frozenset[UUID]:
        """Return the companies to which those of the tickers lead that were a duplicate's."""
        return frozenset(self.kept[ticker].id for ticker in tickers if ticker in self.kept)

    def ticker(self, ticker: str) -> str:
        """Return the ticker under which the company is now, the given one where it is no duplicate's."""
        kept = self.kept.get(ticker.upper())
        return kept.ticker if kept is not None and kept.ticker else ticker


def read_refs(refs: Iterable[str]) -> dict[str, Company]:
    """Return the live company that each id or ticker names, of a merged duplicate the one that was kept. One query.

    Ids are written as text, tickers in capitals; what leads to no live company is left out.
    """
    asked = set(refs)
    ids = [key for key in map(id_or_ticker, asked) if isinstance(key, UUID)]
    rows = Company.all_objects.filter(Q(ticker__in=asked) | Q(pk__in=ids)).select_related("merged_into")
    found: dict[str, Company] = {}
    # The live ones come last, and so stand.
    for company in rows.order_by(F("deleted_at").asc(nulls_last=True), "id"):
        if not company.survivor.is_archived:
            found |= {ref: company.survivor for ref in (company.ticker, str(company.pk)) if ref in asked}
    return found


def read_as(path: str = "company") -> Combinable:
    """Return the expression for the id of the company as which a row is read."""
    return Coalesce(F(f"{path}__merged_into_id"), F(f"{path}_id"))


def read_as_field(name: str, path: str = "company") -> Combinable:
    """Return the expression for a column of the company as which a row is read.

    The other company is looked up for rows of duplicates alone, so that ordinary rows cost nothing more.
    """
    column: Any = Company._meta.get_field(name)
    kept = Company.all_objects.filter(pk=OuterRef(f"{path}__merged_into_id")).values(name)[:1]
    is_duplicate = Q(**{f"{path}__merged_into__isnull": False})
    return Case(When(is_duplicate, then=Subquery(kept)), default=F(f"{path}__{name}"), output_field=column.clone())
