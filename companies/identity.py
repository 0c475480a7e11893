"""Which companies are read as another: merged duplicates, whose rows stay under their own ids (docs/adr/0034).

A merge says who a company is, not what was known when: it counts for every day that is read, past ones too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from companies.models import Company


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
